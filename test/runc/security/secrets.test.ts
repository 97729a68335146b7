import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { OptionsType } from '../../../src/proto/any.ts';
import { RuntimeOptionsV1 } from '../../../src/proto/messages.ts';
import { type RunningCommand, runWell } from '../../support/commands.ts';
import { peoplesCommand } from '../../support/peoplesCommand.ts';
import { ShimPod } from '../../support/shimPod.ts';

/** Begins every secret that the shim is given below; the rest says where. */
const mark = 'hunter2';

let pod: ShimPod;
let log: RunningCommand;
let dumps: string;
/** The messages that clients got. */
const refusals: string[] = [];

before(async () => {
  dumps = mkdtempSync(join(tmpdir(), 'podshim-dumps-'));
  const environment = { OF_THE_DAEMON: `${mark}-daemon`, PODSHIM_DUMP_DIR: dumps };
  // With a socket directory of its own, which the debug socket goes away with.
  pod = await ShimPod.start({ words: ['-debug'], bootstrap: true, environment });
  log = pod.read(join(pod.firstBundle, 'log'));
  await log.waitForOutput(/msg=serving/);
  await makeTrouble();
});
after(async () => {
  await pod?.close();
  rmSync(dumps, { recursive: true, force: true });
});

async function refused(work: Promise<unknown>): Promise<void> {
  await work.then(
    () => assert.fail('it was to be refused'),
    (error: unknown) => refusals.push(String(error)),
  );
}

/** A bundle whose container has a secret in its environment. */
function secretBundle(id: string, args: readonly string[]): string {
  const bundle = pod.bundle(id, { args });
  const path = join(bundle, 'config.json');
  const config = JSON.parse(readFileSync(path, 'utf8'));
  config.process.env.push(`PASSWORD=${mark}-config`);
  writeFileSync(path, JSON.stringify(config));
  return bundle;
}

async function makeTrouble(): Promise<void> {
  const { client } = pod;
  const logger = join(pod.sandbox.directory, 'logger');
  writeFileSync(logger, '#!/bin/sh\nexec 5>&-\n/bin/cat <&3\n/bin/cat <&4\n', { mode: 0o755 });
  const stdout = `binary://${logger}?token=${mark}-uri&--other=${mark}-word`;
  const bundle = secretBundle('holder', ['sleep', '1000']);
  await client.create({ id: 'holder', bundle, stdout, options: pod.options() });
  await client.start('holder');

  const env = ['PATH=/bin', `PASSWORD=${mark}-exec`];
  const exec = { id: 'holder', args: ['sleep', '1000'], stdout, process: { env } };
  await client.exec({ ...exec, execId: 'good' });
  await client.start('holder', 'good');
  await client.exec({ ...exec, execId: 'missing', args: ['/no/such/program'] });
  await refused(client.start('holder', 'missing'));
  // Added and not started: its process waits in memory.
  await client.exec({ ...exec, execId: 'waiting' });
  const broken = new TextEncoder().encode(`{"env":[PASSWORD${mark}broken]}`);
  await refused(
    client.execRaw({ id: 'holder', execId: 'broken', spec: { typeUrl: 'x', value: broken } }),
  );
  const uri = `binary://${logger}%zz?token=${mark}-broken-uri`;
  await client.exec({ ...exec, execId: 'uri', stdout: uri });
  await refused(client.start('holder', 'uri'));

  const failing = secretBundle('failing', ['/no/such/program']);
  const created = { id: 'failing', bundle: failing, options: pod.options() };
  await refused(client.create({ ...created, stdout: uri }));
  const start = client.create(created).then(() => client.start('failing'));
  await refused(start);
  const toml = (text: string): { typeUrl: string; value: Uint8Array } => ({
    typeUrl: OptionsType.runtime,
    value: RuntimeOptionsV1.encode({ configBody: new TextEncoder().encode(text) }).finish(),
  });
  for (const text of [`Root = "/x" ${mark}-toml`, `Root = [ "${mark}-value" ]`, `X = "${mark}"`]) {
    const other = secretBundle(pod.newId('toml'), ['true']);
    await refused(client.create({ id: pod.newId(), bundle: other, options: toml(text) }));
  }
  const mounts = secretBundle('mounts', ['true']);
  mkdirSync(join(mounts, 'rootfs'), { recursive: true });
  for (const type of ['fuse3.none', 'nosuchfs']) {
    const rootfs = [{ type, source: 'none', target: '', options: [`password=${mark}-mount`] }];
    await refused(client.create({ id: 'mounts', bundle: mounts, rootfs, options: pod.options() }));
  }
  await refused(client.update('holder', { nonsense: `${mark}-update`, memory: { limit: 'x' } }));
}

function assertNoSecret(where: string, text: string): void {
  const lines = text.split('\n').filter((line) => line.includes(mark));
  assert.deepEqual(lines, [], where);
}

describe('no secret that the shim was given', () => {
  test('is in what it answers when something fails', () => {
    assert.ok(refusals.length >= 10, refusals.join('\n'));
    assertNoSecret('an error', refusals.join('\n'));
  });

  test('is in a dump, in the flight recorder or in the log', async () => {
    process.kill(pod.pid, 'SIGUSR1');
    await log.waitForOutput(/=== END podshim dump ===/);
    const [name = ''] = readdirSync(dumps);
    const text = readFileSync(join(dumps, name), 'utf8');
    assert.match(text, /--- flight recorder ---[\s\S]*call +Create failing failed/);
    assertNoSecret('the dump', text);
    assertNoSecret('the log', log.output);
  });

  test('is in what podshim prints for people', async () => {
    const [command, ...first] = peoplesCommand(pod.sandbox.directory);
    const words = [
      ['ps', '--namespace', pod.sandbox.namespace],
      ['inspect', 'holder'],
      ['events', '--no-follow', 'holder'],
      ['dump', 'holder'],
    ];
    for (const one of words) {
      for (const more of [[], ['--json']]) {
        const text = await runWell(command, [...first, ...one, ...more]);
        assert.ok(text.includes('holder'), text);
        assertNoSecret([...one, ...more].join(' '), text);
      }
    }
  });

  test('is in the command line of a process of the shim', async () => {
    assertNoSecret('the server', readFileSync(`/proc/${pod.pid}/cmdline`, 'utf8'));
  });
});
