import { type Fifos, makeFifos } from '../../support/fifos.ts';
import type { ExecInput } from '../../support/shimClient.ts';
import { type ServerWork, serverPhase } from '../serverPhase.ts';
import { FifoReader } from '../support/fifoReader.ts';
import { inParallel } from '../support/workers.ts';

const AT_ONCE = 4;
const WITH_OUTPUT = 5;
const WITH_TERMINAL = 20;
const STATUSES = 100;

/** Execs as the daemon does them, to their end: each with a status of its own, some with output, some with a terminal. */
export const execsPhase = serverPhase({
  name: 'execs',
  unit: 'execs',
  full: 20_000,
  async work(work) {
    const fifos = Array.from({ length: AT_ONCE }, () =>
      makeFifos(work.pod.sandbox.directory, work.pod.newId('worker')),
    );
    await inParallel(work.count, AT_ONCE, async (index, worker) => {
      const mine = fifos[worker];
      if (mine !== undefined && index % WITH_OUTPUT === 0) await execWithOutput(work, index, mine);
      else await runExec(work, `e${index}`, index % STATUSES);
    });
  },
});

/** Runs an exec that ends with this status, in the order of calls that does not miss the end. */
export async function runExec(
  { pod, id, ledger, fault }: ServerWork,
  execId: string,
  status: number,
  more: Partial<ExecInput> = {},
): Promise<void> {
  const { client } = pod;
  ledger.expect(id, execId, status);
  await client.exec({ id, execId, args: ['sh', '-c', `exit ${status}`], ...more });
  const ended = client.wait(id, execId);
  await client.start(id, execId);
  const { exitStatus } = await ended;
  if (exitStatus !== status) fault(`Wait of ${execId} gave ${exitStatus} and not ${status}`);
  await client.delete(id, execId);
}

async function execWithOutput(work: ServerWork, index: number, fifos: Fifos): Promise<void> {
  const terminal = index % WITH_TERMINAL === 0;
  const status = index % STATUSES;
  const args = ['sh', '-c', `echo out ${index}; ${terminal ? '' : 'echo err >&2;'} exit ${status}`];
  const { stdout, stderr } = fifos;
  const out = new FifoReader(stdout);
  const err = terminal ? undefined : new FifoReader(stderr);
  try {
    const paths = terminal ? { stdout } : { stdout, stderr };
    await runExec(work, `e${index}`, status, { args, terminal, ...paths });
    const text = (await out.text) + ((await err?.text) ?? '');
    const wanted = terminal ? `out ${index}\r\n` : `out ${index}\nerr\n`;
    if (text !== wanted) work.fault(`e${index} printed ${JSON.stringify(text)}`);
  } finally {
    out.close();
    err?.close();
  }
}
