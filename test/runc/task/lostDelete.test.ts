import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { wrappedRunc } from '../../../conformance/support/slowRuntime.ts';
import { runWell } from '../../support/commands.ts';
import { hangingBundle } from '../../support/hangingBundle.ts';
import { listProcesses } from '../../support/processes.ts';
import { ShimPod } from '../../support/shimPod.ts';
import { waitUntil } from '../../support/waiting.ts';

const stopped = 3;

let pod: ShimPod;
before(async () => {
  pod = await ShimPod.start();
});
after(() => pod?.close());

/** Keeps the server from seeing anything. Resolves with what ends that. */
const holds: Readonly<Record<string, () => Promise<() => void>>> = {
  async 'stands still'() {
    process.kill(pod.pid, 'SIGSTOP');
    return () => process.kill(pod.pid, 'SIGCONT');
  },
  async 'does something else'() {
    const { bundle, hangs, release } = hangingBundle(pod, pod.newId('hangs'));
    const other = pod.client.create({ id: pod.newId(), bundle, options: pod.options() });
    await hangs();
    return () => {
      release();
      other.catch(() => {});
    };
  },
};

describe('a Delete whose end and the loss of whose daemon are seen at once is not forgotten', () => {
  for (const [what, hold] of Object.entries(holds)) {
    test(`while the server ${what}`, async () => {
      const gate = join(pod.sandbox.directory, pod.newId('gate'));
      const mark = `${gate}-reached`;
      await runWell('mkfifo', [gate]);
      const script = `[ -e ${mark} ] || { touch ${mark}; read go < ${gate}; }`;
      const options = pod.options({ binaryName: wrappedRunc(pod, { delete: script }) });
      const { id } = await pod.run({ args: ['true'], request: { options } });
      await pod.client.wait(id);
      const daemon = await pod.connect();
      const deleting = daemon.delete(id).catch(() => {});
      await waitUntil('the runtime is called', () => existsSync(mark));
      const goOn = await hold();
      try {
        daemon.close();
        await deleting;
        await runWell('sh', ['-c', 'echo go > "$0"', gate]);
        await waitUntil('the runtime has ended', () =>
          listProcesses().some(({ parent, state }) => parent === pod.pid && state === 'Z'),
        );
      } finally {
        goOn();
      }
      assert.equal((await pod.client.state(id)).status, stopped);
      await pod.client.delete(id);
      await pod.events.deleteOf(id);
      assert.deepEqual(pod.events.story(id), ['create', 'start', 'exit', 'delete']);
    });
  }
});
