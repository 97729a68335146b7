import { setTimeout as sleep } from 'node:timers/promises';
import { type ServerWork, serverPhase } from '../serverPhase.ts';
import { exitKey } from '../support/exitLedger.ts';
import { figuresOf } from '../support/figures.ts';
import { inParallel } from '../support/workers.ts';
import { runExec } from './execs.ts';

const AT_ONCE = 4;
const STATUSES = 100;
/** Room for events that may be lost, and what JavaScript makes of each that is kept. */
const BOUND_MEBIBYTES = 16;
const DELIVERY_MILLISECONDS = 120_000;

/** The daemon is away while processes end. When it is back it has to hear of every end, in order, once. */
export const outboxPhase = serverPhase({
  name: 'outbox',
  unit: 'exits with the daemon away',
  full: 10_000,
  async work(work) {
    const { pod, ledger, count, options } = work;
    const before = figuresOf(pod.pid).memory;
    await pod.events.stop();
    const left = performance.now();
    await inParallel(count, AT_ONCE, (index, worker) =>
      runExec(work, `w${worker}-${index}`, index % STATUSES),
    );
    await sleep(Math.max(0, options.awayMilliseconds - (performance.now() - left)));
    const away = (performance.now() - left) / 1000;
    const { memory } = figuresOf(pod.pid);
    describeWaiting(work, await work.dump());
    work.note(`away for ${away.toFixed(0)} s, private memory then ${memory} KiB`);
    if (memory - before > BOUND_MEBIBYTES * 1024) {
      work.fault(`private memory grew by ${memory - before} KiB while the daemon was away`);
    }
    pod.events.start();
    const back = performance.now();
    for (const fault of await ledger.settle(DELIVERY_MILLISECONDS)) work.fault(fault);
    const seconds = (performance.now() - back) / 1000;
    work.note(`${ledger.told} exits told within ${seconds.toFixed(1)} s of its return`);
    checkOrder(work);
  },
});

/** Each worker's execs ran one after the other, so their ends are told in that order; and no time goes backwards. */
function checkOrder({ ledger, id, fault }: ServerWork): void {
  if (ledger.backwards > 0) fault(`${ledger.backwards} exits told after a later one`);
  for (let worker = 0; worker < AT_ONCE; worker += 1) {
    const prefix = exitKey(id, `w${worker}-`);
    const indices = ledger.order
      .filter((key) => key.startsWith(prefix))
      .map((key) => Number(key.slice(prefix.length)));
    const sorted = indices.toSorted((one, other) => one - other);
    if (indices.join() !== sorted.join()) fault(`the exits of worker ${worker} came out of order`);
  }
}

function describeWaiting({ note, fault, count }: ServerWork, dump: string | undefined): void {
  const waiting = /^queued (\d+), of these (\d+) kept, (\d+) bytes$/m.exec(dump ?? '');
  if (waiting === null) {
    note('the shim makes no dump that tells what waits');
    return;
  }
  const dropped = /dropped (\d+)$/m.exec(dump ?? '')?.[1] ?? '?';
  note(`by its dump ${waiting[1]} events of ${waiting[3]} bytes waited, ${dropped} given up`);
  // One event is out of the queue: the one being sent.
  if (Number(waiting[2]) + 1 < count) fault(`${waiting[2]} exits wait in the dump`);
}
