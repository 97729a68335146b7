import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { describe } from 'node:test';
import { SIGNALS } from '../../../src/posix/constants.ts';
import {
  countDescriptors,
  descriptorsOf,
  eventually,
  openDescriptors,
  reaper,
  stdioTest,
  TestCancellation,
  useReaper,
  type Workspace,
} from './support.ts';
import { exitOf, runOn, sendMaster } from './terminal.ts';

const exists = (workspace: Workspace, name: string): boolean =>
  statSync(workspace.path(name), { throwIfNoEntry: false }) !== undefined;

/** Writes down what it was given, calls ready, then copies both streams. */
const recorder = (workspace: Workspace): string =>
  workspace.script(
    'logger',
    `cd ${workspace.directory}
/usr/bin/tr '\\0' '\\n' < /proc/$$/environ > environment
echo "$#" "$@" > arguments
for fd in /proc/$$/fd/*; do echo "\${fd##*/} $(/usr/bin/readlink $fd)"; done > descriptors
/bin/cat <&3 >seen.out & /bin/cat <&4 >seen.err &
exec 3<&- 4<&-
echo >&5; exec 5>&-
wait; echo end > end`,
  );

describe('logging binary', () => {
  useReaper();

  stdioTest('is told who it logs for and gets both streams whole', async (workspace) => {
    const pipes = countDescriptors('pipe:');
    const stdio = await workspace.open({
      stdin: workspace.fifo('in'),
      stdout: `binary-v2://${recorder(workspace)}?b=2&a`,
    });
    assert.equal(descriptorsOf(stdio)[0], -1);
    const container = await workspace.run(stdio, 'echo out; echo err >&2');
    assert.equal(countDescriptors('pipe:'), pipes);
    assert.equal((await container.wait()).status, 0);
    assert.equal(await stdio.drained(0), true);
    await stdio.settled();
    assert.equal(workspace.text('seen.out'), 'out\n');
    assert.equal(workspace.text('seen.err'), 'err\n');
    assert.equal(workspace.text('end'), 'end\n');
    assert.equal(workspace.text('arguments'), '4 b 2 a \n');
    assert.match(workspace.text('environment'), /^CONTAINER_ID=c1\nCONTAINER_NAMESPACE=ns\n$/);
    const descriptors = workspace.text('descriptors');
    for (const line of [
      /^0 \/dev\/null$/m,
      /^2 \/dev\/null$/m,
      /^3 pipe:/m,
      /^4 pipe:/m,
      /^5 pipe:/m,
    ]) {
      assert.match(descriptors, line);
    }
    // The shell has a few of its own; ours would be sockets, FIFOs or the poller's.
    assert.doesNotMatch(descriptors, /anon_inode|socket:|\/in$/m);
    assert.match(stdio.describe(), /ended with 0/);
  });

  stdioTest('closing the readiness pipe is ready enough, unless strict', async (workspace) => {
    const silent = workspace.script('silent', 'exec 5>&-; exec /bin/cat <&3 >/dev/null');
    const crash = workspace.script('crash', 'exit 1');
    const stdio = await workspace.open({ stdout: `binary://${silent}` });
    await stdio.attach();
    for (const path of [silent, crash]) {
      await assert.rejects(workspace.open({ stdout: `binary-v2://${path}` }), {
        message: 'logging binary did not call ready (it may have crashed or exited prematurely)',
      });
    }
    await workspace.open({ stdout: `binary://${crash}` });
    await assert.rejects(workspace.open({ stdout: 'binary:///nowhere/logger' }), {
      message:
        'failed to start binary process: fork/exec /nowhere/logger: no such file or directory',
    });
  });

  stdioTest('one that never gets ready holds up only its own Create', async (workspace) => {
    const before = openDescriptors();
    const path = workspace.script(
      'never',
      `echo $$ > ${workspace.path('pid')}; exec /bin/sleep 1000`,
    );
    const cancel = new TestCancellation();
    const opening = workspace.open({ stdout: `binary://${path}` }, { cancel });
    await eventually('started', () => exists(workspace, 'pid') && workspace.text('pid') !== '');
    await workspace.shell('true').wait();
    cancel.cancel(new Error('context canceled'));
    await assert.rejects(opening, { message: 'context canceled' });
    assert.deepEqual(openDescriptors(), before);
    await eventually('killed', () => reaper.runningCommands.length === 0);
  });

  stdioTest(
    'one that dies gives the container EPIPE, and Delete nothing to wait for',
    async (workspace) => {
      const path = workspace.script('dies', 'exec 5>&-; exit 4');
      const stdio = await workspace.open({ stdout: `binary://${path}` });
      await eventually('dead', () => stdio.describe().endsWith('ended with 4'));
      const container = await workspace.run(stdio, 'trap "" PIPE; echo x || exit 9');
      assert.equal((await container.wait()).status, 9);
      stdio.close();
      await stdio.settled();
    },
  );

  stdioTest('one that ignores the end of file is terminated', async (workspace) => {
    const path = workspace.script('stays', 'exec 5>&-; exec 3<&- 4<&-; exec /bin/sleep 1000');
    const stdio = await workspace.open({ stdout: `binary://${path}` });
    await stdio.attach();
    stdio.close();
    stdio.close();
    await stdio.settled();
    assert.match(stdio.describe(), new RegExp(`ended with ${128 + SIGNALS.SIGTERM}$`));
  });

  stdioTest('one whose container never came is killed', async (workspace) => {
    const path = workspace.script('stays', 'trap "" TERM; exec 5>&-; exec /bin/sleep 1000');
    const stdio = await workspace.open({ stdout: `binary://${path}` });
    stdio.close();
    await stdio.settled();
    assert.match(stdio.describe(), new RegExp(`ended with ${128 + SIGNALS.SIGKILL}$`));
  });

  stdioTest(
    'on a terminal it gets what the terminal says, then the end of file',
    async (workspace) => {
      const stdio = await workspace.open({
        stdout: `binary://${recorder(workspace)}`,
        terminal: true,
      });
      const slavePath = sendMaster(stdio);
      await stdio.attach();
      await exitOf(stdio, runOn(workspace, slavePath, 'echo hello; echo world >&2'));
      assert.equal(await stdio.drained(10_000), true);
      await eventually('logger ended', () => exists(workspace, 'end'));
      assert.equal(workspace.text('seen.out'), 'hello\r\nworld\r\n');
      assert.equal(workspace.text('seen.err'), '');
      await eventually('reaped', () => stdio.describe().endsWith('ended with 0'));
    },
  );
});
