import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { distDirectory, repository } from '../support/paths.ts';
import { skipFor } from '../support/skipping.ts';
import { CriDaemon, isGoShim } from './support/daemon.ts';
import { peerUnderTest } from './support/peer.ts';
import { Pod } from './support/pod.ts';

const { configVersion } = peerUnderTest();

/** The fenced blocks of a language that hold a text. */
function blocks(page: string, language: string, text: string): string[] {
  const pattern = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm');
  return [...page.matchAll(pattern)].map(([, block = '']) => block).filter((b) => b.includes(text));
}

function only(page: string, language: string, text: string): string {
  const [block = '', ...others] = blocks(page, language, text);
  assert.deepEqual([block === '', others], [false, []], `${language} block with ${text}`);
  return block;
}

/** The page's table, with this machine's shim and an OCI runtime that notes how it is called. */
function table(page: string, directory: string): string {
  return only(page, 'toml', `version = ${configVersion}`)
    .replace(/^version = \d$/m, '')
    .replace('/usr/local/bin', process.env.PODSHIM_CRI_SHIM ?? distDirectory)
    .replace('/usr/sbin/runc', join(directory, 'own-runc'));
}

/** Another handler, whose options are in a file. */
function tableWithFile(page: string, directory: string): string {
  const plugin = configVersion === 2 ? 'io.containerd.grpc.v1.cri' : 'io.containerd.cri.v1.runtime';
  const options = only(page, 'toml', 'ConfigPath')
    .replace('io.containerd.grpc.v1.cri', plugin)
    .replace('runtimes.podshim.options', 'runtimes.with-file.options')
    .replace('/etc/containerd/podshim.toml', join(directory, 'podshim.toml'));
  const handler = `plugins."${plugin}".containerd.runtimes.with-file`;
  return `[${handler}]\nruntime_type = "io.containerd.podshim.v1"\n${options}`;
}

const applicable = skipFor(isGoShim ? 'the documents are about podshim' : undefined);

for (const name of ['README.md', 'docs/use-with.md']) {
  describe(name, applicable, () => {
    const page = readFileSync(join(repository, name), 'utf8');
    const hasOptions = page.includes('ConfigPath =');
    let daemon: CriDaemon;
    let calls: string;

    before(async () => {
      const more = (directory: string) =>
        table(page, directory) + (hasOptions ? tableWithFile(page, directory) : '');
      daemon = await CriDaemon.start(() => [], more);
      const { directory } = daemon.containerd;
      calls = join(directory, 'calls');
      const wrapper = join(directory, 'own-runc');
      writeFileSync(wrapper, `#!/bin/sh\necho "$@" >> ${calls}\nexec runc "$@"\n`);
      chmodSync(wrapper, 0o755);
      writeFileSync(join(directory, 'podshim.toml'), `BinaryName = "${wrapper}"\n`);
    });
    after(() => daemon?.stop());

    test('the table makes a handler, and the RuntimeClass and the pod are served by it', async () => {
      writeFileSync(calls, '');
      const yaml = only(page, 'yaml', 'RuntimeClass');
      const handler = /^handler: (\S+)$/m.exec(yaml)?.[1] ?? '';
      const className = /^metadata:\n {2}name: (\S+)$/m.exec(yaml)?.[1] ?? '';
      assert.match(yaml, new RegExp(`^ {2}runtimeClassName: ${className}$`, 'm'));
      const commands = [...yaml.matchAll(/command: (\[.*\])/g)].map(
        ([, command = '']) => JSON.parse(command) as string[],
      );
      assert.ok(commands.length > 0);

      const pod = await Pod.run(daemon, { handler });
      const [hello] = await Promise.all(commands.map((command) => pod.start(command)));
      await hello?.waitForLog('hello');
      assert.equal(daemon.containerd.shims().length, 1);
      // containerd 1.6 passes nothing of the table on but ConfigPath.
      const passedOn = hasOptions && daemon.version >= 1.7;
      assert.equal(/ create /.test(readFileSync(calls, 'utf8')), passedOn);
      await pod.stop();
      await pod.remove();
      assert.deepEqual(await daemon.leftovers(), []);
    });

    if (!hasOptions) return;
    test('options in a file', async () => {
      writeFileSync(calls, '');
      const pod = await Pod.run(daemon, { handler: 'with-file' });
      assert.match(readFileSync(calls, 'utf8'), / create /);
      await pod.stop();
      await pod.remove();
      assert.deepEqual(await daemon.leftovers(), []);
    });
  });
}
