import { rmSync } from 'node:fs';
import { serverPhase } from '../serverPhase.ts';
import { inParallel } from '../support/workers.ts';

const AT_ONCE = 2;
const KILLED = 137;
const SIGKILL = 9;

/** Containers that come and go in one shim, some killed and some by themselves. */
export const containersPhase = serverPhase({
  name: 'containers',
  unit: 'containers',
  full: 2000,
  work: ({ pod, ledger, count, fault }) =>
    inParallel(count, AT_ONCE, async (index) => {
      const { client } = pod;
      const id = pod.newId('cycle');
      const isKilled = index % 2 === 0;
      const status = isKilled ? KILLED : index % 100;
      const args = isKilled ? ['sleep', '1000000'] : ['sh', '-c', `exit ${status}`];
      ledger.expect(id, '', status);
      const { bundle } = await pod.run({ args }, id);
      if (isKilled) await client.kill(id, SIGKILL);
      const { exitStatus } = await client.wait(id);
      if (exitStatus !== status) fault(`Wait of ${id} gave ${exitStatus} and not ${status}`);
      await client.delete(id);
      rmSync(bundle, { recursive: true });
    }),
});
