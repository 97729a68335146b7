import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { CreateTaskRequest, MessageInput } from '../../../src/proto/messages.ts';
import type { CallOptions } from '../../../src/ttrpc/client.ts';
import { mountsBelow } from '../../support/mounts.ts';
import { listProcesses } from '../../support/processes.ts';
import { ShimPod } from '../../support/shimPod.ts';
import { waitUntil } from '../../support/waiting.ts';

let pod: ShimPod;
let descriptors: string[];

before(async () => {
  pod = await ShimPod.start();
  // What is opened once and kept is there after one whole life.
  await pod.outputOf({ args: ['true'] });
});
after(() => pod?.close());

beforeEach(() => {
  descriptors = pod.descriptors().sort();
});

/** Whatever failed: no event, no container, no mount, no process, no descriptor is left. */
afterEach(async () => {
  assert.deepEqual(pod.runcStates(), []);
  assert.deepEqual(mountsBelow(pod.sandbox.directory), []);
  await waitUntil('the shim has no child', () =>
    listProcesses().every(({ parent }) => parent !== pod.pid),
  );
  await waitUntil(
    'no descriptor is left',
    () => pod.descriptors().length === descriptors.length,
    2000,
  ).catch(() => assert.deepEqual(pod.descriptors().sort(), descriptors));
  const { id } = await pod.run({ args: ['true'] });
  await pod.client.wait(id);
  await pod.client.delete(id);
  // Events come in order: had there been one of the failure, it would be before this container's last.
  await pod.events.deleteOf(id);
  assert.deepEqual(
    pod.events.seen.filter(({ containerId }) => containerId.startsWith('failing')),
    [],
  );
});

async function assertFails(
  request: MessageInput<CreateTaskRequest>,
  message: RegExp,
  {
    root,
    prepare,
    ...options
  }: CallOptions & { root?: string; prepare?: (b: string) => void } = {},
): Promise<void> {
  const id = pod.newId('failing');
  const input = { args: ['true'], ...(root === undefined ? {} : { root }) };
  const bundle = pod.bundle(id, { ...input, terminal: request.terminal ?? false });
  prepare?.(bundle);
  const wanted = { id, bundle, options: pod.options(), ...request };
  await assert.rejects(pod.client.create(wanted, options), (error: Error & { code?: number }) => {
    assert.match(error.message, message);
    assert.equal(error.code, /deadline/.test(error.message) ? 4 : 2, `code of ${error.message}`);
    return true;
  });
  await assert.rejects(pod.client.state(id), { code: 5 });
  // The id is free again; after a deadline, which the client sees first, when the server has undone what it did.
  await waitUntil('the id is free', async () => {
    const again = pod.client.create({ ...wanted, bundle: '/no-such-bundle' });
    const error = await again.then(() => assert.fail('created'), String);
    return !error.includes('already exists');
  });
  assert.ok(existsSync(bundle));
}

describe('a failed Create publishes nothing and leaves nothing', () => {
  test('runtime binary missing, by name', () =>
    assertFails(
      { options: pod.options({ binaryName: 'no-such-runc' }) },
      /^OCI runtime create failed: .*exec: "no-such-runc": executable file not found in \$PATH/,
    ));

  test('runtime binary missing, by path', () =>
    assertFails(
      { options: pod.options({ binaryName: '/no/such/runc' }) },
      /^OCI runtime create failed: .*fork\/exec \/no\/such\/runc: no such file or directory/,
    ));

  test('runtime binary that is no program', () => {
    const path = join(pod.sandbox.directory, 'not-a-program');
    writeFileSync(path, '', { mode: 0o755 });
    return assertFails(
      { options: pod.options({ binaryName: pod.sandbox.directory }) },
      /^OCI runtime create failed: .*fork\/exec .*: permission denied/,
    );
  });

  test('runtime that fails without a word', () =>
    assertFails(
      { options: pod.options({ binaryName: '/bin/false' }) },
      /^OCI runtime create failed: .*\/bin\/false did not terminate successfully: exit status 1/,
    ));

  test('runc fails: the executable is missing', () =>
    assertFails(
      {},
      /^OCI runtime create failed: .*exec: "no-such-program": executable file not found in \$PATH/,
      {
        prepare: (bundle) =>
          changeConfig(bundle, (text) => text.replace('["true"]', '["no-such-program"]')),
      },
    ));

  test('runc fails with a terminal', () =>
    assertFails({ terminal: true }, /^OCI runtime create failed: .*exec: "no-such-program"/, {
      prepare: (bundle) =>
        changeConfig(bundle, (text) => text.replace('["true"]', '["no-such-program"]')),
    }));

  test('rootfs that is a link: nothing is mounted where it leads', () => {
    const elsewhere = mkdtempSync(join(pod.sandbox.directory, 'elsewhere-'));
    const rootfs = [{ type: 'tmpfs', source: 'none', target: '', options: [] }];
    return assertFails({ rootfs }, /^rootfs .*\/rootfs is not a directory$/, {
      prepare: (bundle) => symlinkSync(elsewhere, join(bundle, 'rootfs')),
    });
  });

  test('rootfs that cannot be mounted', () => {
    const rootfs = [
      { type: 'tmpfs', source: 'tmpfs', target: '', options: [] },
      { type: 'bind', source: '/no/such/directory', target: '', options: ['rbind'] },
    ];
    return assertFails(
      { rootfs },
      /^failed to mount rootfs component: .*no such file or directory/,
      { root: 'rootfs' },
    );
  });

  test('rootfs that is mounted, but runc fails', () => {
    const rootfs = [{ type: 'tmpfs', source: 'tmpfs', target: '', options: [] }];
    return assertFails({ rootfs }, /^OCI runtime create failed: /, { root: 'rootfs' });
  });

  test('bundle without config.json', () =>
    assertFails({}, /config\.json/, { prepare: (bundle) => rmSync(join(bundle, 'config.json')) }));

  test('broken config.json', () =>
    assertFails({}, /^OCI runtime create failed: /, {
      prepare: (bundle) => writeFileSync(join(bundle, 'config.json'), '{"ociVersion": '),
    }));

  test('unknown scheme of stdout', () =>
    assertFails(
      { stdout: 'ttrpc+unix:///x?streaming_id=1' },
      /^failed to create init process I\/O: unknown STDIO scheme ttrpc\+unix$/,
    ));

  test('FIFO that is not there', () =>
    assertFails(
      { stdout: '/no/such/fifo' },
      /^failed to create init process I\/O: open \/no\/such\/fifo: no such file or directory$/,
    ));

  test('stdin that is no FIFO', () =>
    assertFails(
      { stdin: '/dev/null', stdout: '/dev/null' },
      /^failed to create init process I\/O: file \/dev\/null is not fifo$/,
    ));

  test('FIFO that nobody opens, until the call ends', async () => {
    const { stdin, stdout, stderr } = pod.fifos('lonely');
    await assertFails({ stdin, stdout, stderr }, /^context deadline exceeded$/, {
      timeoutNanos: 300e6,
    });
  });

  test('FIFO that nobody opens, and the client goes', async () => {
    const id = pod.newId('failing');
    const { stdout } = pod.fifos(id);
    const bundle = pod.bundle(id, { args: ['true'] });
    const other = await pod.connect();
    const creating = other.create({ id, bundle, stdout, options: pod.options() });
    // Answered behind the create, which was read before it.
    await other.connectTask(id);
    other.close();
    await assert.rejects(creating, /ttrpc: closed/);
    await waitUntil('the id is free again', async () => {
      const bad = { id, bundle: '/no-such-bundle', options: pod.options() };
      const error = await pod.client.create(bad).catch((reason: unknown) => reason);
      return !/already exists/.test(String(error));
    });
  });
});

function changeConfig(bundle: string, change: (text: string) => string): void {
  const path = join(bundle, 'config.json');
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}
