import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runCommand } from '../support/commands.ts';
import { hangingBundle } from '../support/hangingBundle.ts';
import { peoplesCommand } from '../support/peoplesCommand.ts';
import { ShimPod } from '../support/shimPod.ts';
import { waitUntil } from '../support/waiting.ts';

let dumps: string;
let pod: ShimPod;

before(async () => {
  dumps = mkdtempSync(join(tmpdir(), 'podshim-dumps-'));
  pod = await ShimPod.start({ environment: { PODSHIM_DUMP_DIR: dumps } });
});
after(async () => {
  await pod?.close();
  rmSync(dumps, { recursive: true, force: true });
});

test('a server that is blocked: its watchdog reports by itself and when podshim dump asks', async () => {
  const log = pod.read(join(pod.firstBundle, 'log'));
  const { bundle, release } = hangingBundle(pod, 'hangs');
  const report = join(dumps, `${pod.sandbox.namespace}-pod-${pod.pid}.blocked.txt`);
  const options = pod.options();
  const created = pod.client.create({ id: 'hangs', bundle, options });

  const text = await waitUntil(
    'the watchdog reports',
    () => {
      const found = existsSync(report) ? readFileSync(report, 'utf8') : '';
      return found.endsWith('=== END ===\n') && found;
    },
    120_000,
  );
  assert.match(
    text,
    /^\S+Z watchdog: the event loop has been blocked for \d+\.\d s to \d+\.\d s$/m,
  );
  assert.ok(text.includes(`namespace ${pod.sandbox.namespace}, id pod, pid ${pod.pid}\n`), text);
  assert.ok(text.includes(`openat "${bundle}/config.json"`), text);

  const [command, ...first] = peoplesCommand(pod.sandbox.directory);
  const words = [...first, 'dump', String(pod.pid), '--namespace', pod.sandbox.namespace];
  const environment = { ...process.env, PODSHIM_DUMP_DIR: dumps };
  const asked = await runCommand(command, words, { environment });
  assert.equal(asked.status, 0, asked.stderr);
  assert.match(
    asked.stdout,
    /^\S+Z asked for: the event loop has been blocked for [\s\S]*=== END ===\n$/,
  );
  assert.match(
    asked.stderr,
    new RegExp(`^shim ${pod.pid} does not answer: .*; asking its watchdog$`, 'm'),
  );
  assert.ok(asked.stderr.endsWith(`also in ${report}\n`), asked.stderr);

  release();
  const { pid } = await created;
  assert.ok(pid > 0);
  await pod.remove('hangs');
  const output = await log.waitForOutput(/the event loop was blocked/);
  assert.ok(output.includes(report), output);
  assert.equal(await pod.outputOf({ args: ['echo', 'alive'] }), 'alive\n');
});
