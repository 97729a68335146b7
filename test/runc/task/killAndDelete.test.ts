import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ShimPod } from '../../support/shimPod.ts';

let pod: ShimPod;
before(async () => {
  pod = await ShimPod.start();
});
after(() => pod?.close());

/** A runtime that is done with a kill some time after the process is dead. */
function slowToKill(): string {
  const path = join(pod.sandbox.directory, 'slow-to-kill');
  const slow = 'case " $* " in *" kill "*) runc "$@"; status=$?; sleep 0.5; exit $status ;; esac';
  writeFileSync(path, `#!/bin/sh\n${slow}\nexec runc "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('a kill under way', () => {
  test('is answered before the deletion of the container, upon which the daemon hangs up', async () => {
    const { client } = pod;
    const options = pod.options({ binaryName: slowToKill() });
    const { id } = await pod.run({ args: ['sleep', '1000'], request: { options } });
    const answers: string[] = [];
    const killed = client.kill(id, 9).then(() => answers.push('kill'));
    assert.equal((await client.wait(id)).exitStatus, 137);
    await client.delete(id);
    answers.push('delete');
    await killed;
    assert.deepEqual(answers, ['kill', 'delete']);
  });
});
