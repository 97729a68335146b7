import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { TASK_V2 } from '../../support/shimClient.ts';
import { ShimPod } from '../../support/shimPod.ts';
import { waitUntil } from '../../support/waiting.ts';

let pod: ShimPod;
let descriptors: number;
before(async () => {
  pod = await ShimPod.start();
  await pod.outputOf({ args: ['true'] });
  await pod.run({ args: ['sleep', '1000'] }, 'holder');
  descriptors = pod.descriptors().length;
});
after(() => pod?.close());

/** Whatever was asked: the server is the same one, holds nothing of it, and the container runs on. */
afterEach(async () => {
  assert.equal((await pod.client.connectTask('holder')).shimPid, pod.pid);
  assert.equal((await pod.client.state('holder')).status, 2);
  assert.equal(await pod.outputOfExec('holder', ['echo', 'on']), 'on\n');
  await waitUntil('no descriptor is left', () => pod.descriptors().length === descriptors);
});

const names = {
  'a slash': 'a/b',
  'a way up': '..',
  'a way up and down': '../../etc/cron.d/x',
  'a NUL': 'a\0b',
  'a newline': 'a\nb',
  'a dash in front': '-all',
  'two dashes in front': '--root=/x',
  'a dot in front': '.hidden',
  'white space': 'a b',
  'another alphabet': 'ä',
  'half a surrogate pair': '\ud800',
  nothing: '',
  'more than 76 characters': 'x'.repeat(77),
  'a million characters': 'x'.repeat(1_000_000),
};

describe('a name that is none is refused before it is a file or an argument', () => {
  test('of a container and of an exec', async () => {
    const before = readdirSync(pod.sandbox.directory).sort();
    const bundle = join(pod.sandbox.directory, 'holder');
    const inBundle = readdirSync(bundle).sort();
    for (const [what, name] of Object.entries(names)) {
      const message =
        name.length > 76 ? /characters long, the limit is 76/ : /^(container|exec) id .*must /;
      const create = pod.client.create({ id: name, bundle, options: pod.options() });
      await assert.rejects(create, { code: 3, message }, `a container with ${what}`);
      const exec = pod.client.exec({ id: 'holder', execId: name, args: ['true'] });
      await assert.rejects(exec, { code: 3, message }, `an exec with ${what}`);
    }
    assert.deepEqual(readdirSync(pod.sandbox.directory).sort(), before);
    assert.deepEqual(readdirSync(bundle).sort(), inBundle);
  });

  test('a bundle that is no absolute path, or holds a NUL', async () => {
    const options = pod.options();
    for (const bundle of ['', 'relative', '../up', './x']) {
      const create = pod.client.create({ id: 'x', bundle, options });
      await assert.rejects(create, { code: 3, message: /is not an absolute path/ });
    }
    const create = pod.client.create({ id: 'x', bundle: '/tmp/a\0b', options });
    await assert.rejects(create, /NUL/);
  });
});

describe('a message made to exhaust the one who reads it', () => {
  const longest = 4_000_000;
  const call = (method: string, payload: Uint8Array): Promise<Uint8Array> =>
    pod.client.client.call(TASK_V2, method, payload);
  const repeated = (bytes: readonly number[]): Uint8Array => {
    const unit = Uint8Array.from(bytes);
    const whole = new Uint8Array(longest - (longest % unit.length));
    for (let at = 0; at < whole.length; at += unit.length) whole.set(unit, at);
    return whole;
  };

  test('groups within groups', async () => {
    // Field 15, start of a group: never ended, four million deep.
    await assert.rejects(call('State', repeated([0x7b])), { code: 13 });
  });

  test('millions of empty fields', async () => {
    const unknown = repeated([0x7a, 0x00]);
    await assert.rejects(call('State', unknown), { code: 5 });
    // Create's rootfs (field 3): as many mounts, of which a tenth shows the same in a tenth of the time.
    const mounts = repeated([0x1a, 0x00]).subarray(0, longest / 10);
    await assert.rejects(call('Create', mounts), { code: 3 });
  });

  test('a length beyond all bytes', async () => {
    const payload = Uint8Array.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]);
    await assert.rejects(call('State', payload), { code: 13 });
    const endless = new Uint8Array(1000).fill(0xff);
    await assert.rejects(call('State', endless), { code: 13 });
  });

  test('JSON as deep as a message is long, and well-formed JSON of great depth', async () => {
    const deep = '['.repeat(longest / 20) + ']'.repeat(longest / 20);
    for (const text of [`{"args":${deep}}`, '['.repeat(longest), '{"a":'.repeat(longest / 5)]) {
      const value = new TextEncoder().encode(text);
      const exec = pod.client.execRaw({
        id: 'holder',
        execId: 'deep',
        spec: { typeUrl: 'x', value },
      });
      const outcome = await exec.then(
        () => 'added',
        (error: unknown) => String(error),
      );
      if (outcome === 'added') {
        // An engine that reads it: then it is for the runtime to refuse it.
        await assert.rejects(pod.client.start('holder', 'deep'), /OCI runtime exec failed/);
        await pod.client.delete('holder', 'deep');
      } else assert.match(outcome, /exec: the process is not /);
    }
  });

  test('a config.json a million deep', async () => {
    const bundle = pod.bundle('deep', { args: ['true'] });
    writeFileSync(join(bundle, 'config.json'), `{"a":${'['.repeat(1_000_000)}`);
    await assert.rejects(pod.client.create({ id: 'deep', bundle, options: pod.options() }), {
      message: /^OCI runtime create failed/,
    });
  });
});

describe('numbers that no process has use for', () => {
  test('sizes of a terminal', async () => {
    const { stdout } = pod.fifos('sized');
    const reader = pod.read(stdout);
    const read = 'while read -r x; do stty size; done';
    const { stdin } = pod.fifos('sized-in');
    const writer = pod.write(stdin);
    const request = { stdin, stdout };
    await pod.run({ args: ['sh', '-c', read], terminal: true, request }, 'sized');
    for (const size of [0, 1, 65_535, 65_536, 0xffff_ffff]) {
      await pod.client.resizePty('sized', size, size);
    }
    await pod.client.resizePty('sized', 80, 24);
    writer.write('now\n');
    await reader.waitForOutput(/24 80/);
    writer.closeInput();
    await pod.remove('sized');
    await reader.finished;
  });

  test('signals', async () => {
    await pod.client.exec({ id: 'holder', execId: 'signalled', args: ['sleep', '1000'] });
    await pod.client.start('holder', 'signalled');
    for (const signal of [0, 65, 1000, 0x7fff_ffff, 0xffff_ffff]) {
      const kills = [
        pod.client.kill('holder', signal),
        pod.client.kill('holder', signal, { execId: 'signalled' }),
      ];
      await Promise.allSettled(kills);
    }
    assert.equal((await pod.client.state('holder', 'signalled')).status, 2);
    await pod.client.kill('holder', 9, { execId: 'signalled' });
    await pod.client.wait('holder', 'signalled');
    await pod.client.delete('holder', 'signalled');
  });

  test('owners of pipes', async () => {
    const options = pod.options({ ioUid: 0xffff_ffff, ioGid: 0xffff_ffff });
    const { stdout } = pod.fifos('owned');
    const reader = pod.read(stdout);
    const { id } = await pod.run({ args: ['echo', 'hi'], request: { options, stdout } }, 'owned');
    assert.equal((await reader.finished).stdout, 'hi\n');
    await pod.client.wait(id);
    await pod.client.delete(id);
  });
});
