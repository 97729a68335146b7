import type { CaseGroup } from './case.ts';
import { bigOutputCases } from './cases/bigOutput.ts';
import { crashCases } from './cases/crash.ts';
import { daemonLossCases } from './cases/daemonLoss.ts';
import { deadlineCases } from './cases/deadlines.ts';
import { eventCases } from './cases/events.ts';
import { execOrderCases } from './cases/execOrder.ts';
import { exitStatusCases } from './cases/exitStatus.ts';
import { isolationCases } from './cases/isolation.ts';
import { loadCases } from './cases/load.ts';
import { loggingCases } from './cases/logging.ts';
import { outputHeldCases } from './cases/outputHeld.ts';
import { pidReuseCases } from './cases/pidReuse.ts';
import { protocolCases } from './cases/protocol.ts';
import { reapingCases } from './cases/reaping.ts';
import { sandboxCases } from './cases/sandbox.ts';
import { startCases } from './cases/start.ts';
import { streamCases } from './cases/streams.ts';
import { taskCases } from './cases/task.ts';

/** All cases, in the order in which they are tried. */
export const groups: readonly CaseGroup[] = [
  { title: 'start', cases: startCases },
  { title: 'protocol', cases: protocolCases },
  { title: 'task service', cases: taskCases },
  { title: 'exit status', cases: exitStatusCases },
  { title: 'execs and order', cases: execOrderCases },
  { title: 'reaping', cases: [...reapingCases, ...pidReuseCases] },
  { title: 'deadlines', cases: deadlineCases },
  { title: 'load', cases: loadCases },
  { title: 'streams', cases: streamCases },
  { title: 'held output', cases: outputHeldCases },
  { title: 'big output', cases: bigOutputCases },
  { title: 'events', cases: eventCases },
  { title: 'sandbox', cases: sandboxCases },
  { title: 'crash and clean-up', cases: crashCases },
  { title: 'loss of the daemon', cases: daemonLossCases },
  { title: 'what a container gets', cases: isolationCases },
  { title: 'logs and dumps', cases: loggingCases },
];
