// Started by processes.test.ts: starts a program that has to end with it, says its pid, and is gone.
import { SIGNALS } from '../../../src/posix/constants.ts';
import { writeAll } from '../../../src/posix/files.ts';
import { sendSignal } from '../../../src/posix/processes.ts';
import { launch } from './support.ts';

writeAll(1, String(launch(['/bin/sleep', '1000'])));
sendSignal(process.pid, SIGNALS.SIGKILL);
