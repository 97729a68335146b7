import { setTimeout as sleep } from 'node:timers/promises';
import { type Fifos, makeFifos } from '../../support/fifos.ts';
import { type ServerWork, serverPhase } from '../serverPhase.ts';
import { FifoReader } from '../support/fifoReader.ts';
import { inParallel } from '../support/workers.ts';

const AT_ONCE = 8;
const TIMEOUT_MILLISECONDS = 50;
const KILLED = 137;
const SIGKILL = 9;
/** The probe hangs, and has a child that outlives it, is the shim's then, and holds the output open. */
const SCRIPT = 'echo begun; sleep 0.3 & exec sleep 1000000';

/** Probes that take too long: what CRI's ExecSync does with them, the child they leave behind included. */
export const probesPhase = serverPhase({
  name: 'probes',
  unit: 'probes that time out',
  full: 10_000,
  hostPid: true,
  async work(work) {
    const fifos = Array.from({ length: AT_ONCE }, () =>
      makeFifos(work.pod.sandbox.directory, work.pod.newId('worker')),
    );
    await inParallel(work.count, AT_ONCE, async (index, worker) => {
      const mine = fifos[worker];
      if (mine !== undefined) await probe(work, `p${index}`, mine);
    });
  },
});

async function probe(
  { pod, id, ledger, fault }: ServerWork,
  execId: string,
  { stdout, stderr }: Fifos,
): Promise<void> {
  const { client } = pod;
  const out = new FifoReader(stdout);
  const err = new FifoReader(stderr);
  try {
    ledger.expect(id, execId, KILLED);
    await client.exec({ id, execId, args: ['sh', '-c', SCRIPT], stdout, stderr });
    const ended = client.wait(id, execId);
    await client.start(id, execId);
    await sleep(TIMEOUT_MILLISECONDS);
    await client.kill(id, SIGKILL, { execId });
    const { exitStatus } = await ended;
    if (exitStatus !== KILLED) fault(`Wait of ${execId} gave ${exitStatus}`);
    await client.delete(id, execId);
    // The lingering child's end is the output's; the next probe of this worker has it for itself.
    const text = await out.text;
    await err.text;
    if (text !== 'begun\n' && text !== '') fault(`${execId} printed ${JSON.stringify(text)}`);
  } finally {
    out.close();
    err.close();
  }
}
