import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { runtimeUnderTest } from '../support/containerd.ts';
import { shimBinary } from '../support/paths.ts';
import { readProcess } from '../support/processes.ts';
import { type Handler, optionLines } from './support/configuration.ts';
import { CriDaemon, isGoShim } from './support/daemon.ts';
import { Pod } from './support/pod.ts';

const DECODED = 'containerd knows the options of its own shim and sends them decoded';
const NO_INLINE = 'containerd 1.6 sends nothing of an options table but ConfigPath';

/** What an administrator may write; `own-runc` notes its arguments. */
function options(directory: string): Handler['options'] {
  return {
    BinaryName: join(directory, 'own-runc'),
    Root: join(directory, 'own-state'),
    SystemdCgroup: false,
    NoPivotRoot: false,
  };
}

const MISTAKE = { SystemdCgroup: false, BinaryNmae: '/usr/bin/runc' };

function handlers(directory: string): Handler[] {
  const type = runtimeUnderTest;
  const file = (name: string) => ({ ConfigPath: join(directory, name) });
  return [
    { name: 'inline', type, options: options(directory) },
    { name: 'file', type, options: file('options.toml') },
    { name: 'mistake', type, options: MISTAKE },
    { name: 'mistaken-file', type, options: file('mistake.toml') },
    { name: 'missing-file', type, options: file('no-such.toml') },
    { name: 'path', type, path: join(directory, 'containerd-shim-elsewhere-v1'), options: {} },
  ];
}

describe('runtime handlers', () => {
  let daemon: CriDaemon;
  let directory: string;

  before(async () => {
    daemon = await CriDaemon.start(handlers);
    ({ directory } = daemon.containerd);
    writeFileSync(join(directory, 'options.toml'), optionLines(options(directory)).join('\n'));
    writeFileSync(join(directory, 'mistake.toml'), optionLines(MISTAKE).join('\n'));
    const wrapper = join(directory, 'own-runc');
    writeFileSync(wrapper, `#!/bin/sh\necho "$@" >> ${directory}/calls\nexec runc "$@"\n`);
    chmodSync(wrapper, 0o755);
  });
  after(async () => {
    await daemon.stop();
  });

  /** A pod with a container works, and was made by the runtime and in the state directory of the options. */
  const checkOptions = async (handler: string): Promise<void> => {
    writeFileSync(join(directory, 'calls'), '');
    const pod = await Pod.run(daemon, { handler });
    const container = await pod.start(['sleep', '1000']);
    const state = join(directory, 'own-state/k8s.io');
    assert.deepEqual(readdirSync(state).sort(), [pod.id, container.id].sort());
    assert.equal((await container.exec(['echo', 'well'])).stdout, 'well\n');
    await pod.stop();
    await pod.remove();
    assert.deepEqual(readdirSync(state), []);
    const calls = readFileSync(join(directory, 'calls'), 'utf8').trim().split('\n');
    for (const command of ['create', 'start', 'exec', 'kill', 'delete']) {
      assert.ok(
        calls.some((call) => new RegExp(` ${command}( |$)`).test(call)),
        command,
      );
    }
    assert.deepEqual(await daemon.leftovers(), []);
  };

  test('options in the table of the handler', async (context) => {
    if (daemon.version < 1.7 && !isGoShim) return context.skip(NO_INLINE);
    return checkOptions('inline');
  });

  test('options in a file that ConfigPath names', async (context) => {
    if (isGoShim) return context.skip(DECODED);
    return checkOptions('file');
  });

  for (const handler of ['mistake', 'mistaken-file'] as const) {
    test(`an unknown key (${handler}) is refused by its name, and nothing is left`, async (context) => {
      if (isGoShim) return context.skip(DECODED);
      if (handler === 'mistake' && daemon.version < 1.7) return context.skip(NO_INLINE);
      await assert.rejects(Pod.run(daemon, { handler }), /unknown key "BinaryNmae"/);
      assert.deepEqual(await daemon.leftovers(), []);
    });
  }

  test('a file that is not there is refused by its name, and nothing is left', async (context) => {
    if (isGoShim) return context.skip(DECODED);
    await assert.rejects(
      Pod.run(daemon, { handler: 'missing-file' }),
      /no-such\.toml: no such file or directory/,
    );
    assert.deepEqual(await daemon.leftovers(), []);
  });

  test('runtime_path: the shim of that path is used', async (context) => {
    if (daemon.version < 1.7) return context.skip('containerd 1.6 does not pass it on');
    const path = join(directory, 'containerd-shim-elsewhere-v1');
    const original = isGoShim ? goShim() : shimBinary;
    writeFileSync(path, `#!/bin/sh\n: > ${directory}/used\nexec ${original} "$@"\n`);
    chmodSync(path, 0o755);
    const pod = await Pod.run(daemon, { handler: 'path' });
    const container = await pod.start(['sleep', '1000']);
    assert.equal(existsSync(join(directory, 'used')), true);
    const [shim = 0] = daemon.containerd.shims();
    assert.equal(readProcess(await container.pid())?.parent, shim);
    await pod.stop();
    await pod.remove();
    return assert.deepEqual(await daemon.leftovers(), []);
  });
});

function goShim(): string {
  const directories = `${process.env.PATH ?? ''}:/usr/bin`.split(':');
  const lab = process.env.PODSHIM_CRI_LAB;
  const paths = [...(lab === undefined ? [] : [join(lab, 'bin')]), ...directories].map(
    (directory) => join(directory, 'containerd-shim-runc-v2'),
  );
  return paths.find((path) => existsSync(path)) ?? '';
}
