import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runWell } from '../../test/support/commands.ts';
import { waitUntil } from '../../test/support/waiting.ts';
import type { ConformanceCase } from '../case.ts';
import { holdOpen } from '../support/holder.ts';
import { PROMPTLY, SOON, within } from '../support/within.ts';

const RUNNING = 2;

function heldCase(name: string, script: string, threads: readonly string[]): ConformanceCase {
  return {
    name,
    sentence: `After an exec \`${script}\` Wait and Delete return soon, and its descriptors are closed.`,
    threads,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const { id } = await pod.run({ args: ['sleep', '1000'] });
      assert.equal(await pod.outputOfExec(id, ['echo', 'warm']), 'warm\n');
      const before = pod.descriptors().length;
      const { stdout } = pod.fifos('held');
      const reader = holdOpen(stdout, { discard: true });
      context.atEnd(() => reader.close());
      await client.exec({ id, execId: 'e', args: ['sh', '-c', script], stdout });
      await client.start(id, 'e');
      await within(PROMPTLY, 'Wait', client.wait(id, 'e'));
      await within(SOON, 'Delete', client.delete(id, 'e'));
      const isClosed = () => pod.descriptors().length === before;
      await waitUntil('no descriptor is left', isClosed, SOON);
      await within(PROMPTLY, 'Kill', client.kill(id, 9));
      await within(PROMPTLY, 'Wait', client.wait(id));
      await within(SOON, 'Delete of the container', client.delete(id));
    },
  };
}

export const outputHeldCases: readonly ConformanceCase[] = [
  heldCase('background-child-holds-output', 'sleep 1000 &', [
    'containerd#7802',
    'containerd#7832',
    'containerd#10094',
    'kubernetes#110070',
    'kubernetes#124226',
  ]),
  heldCase('background-child-writes-on', 'yes & sleep 600 & exit 0', ['containerd#13377']),
  {
    name: 'container-with-background-writers',
    sentence: "A container in the host's pid namespace that leaves `yes` behind is deleted soon.",
    threads: ['containerd#13377', 'containerd#13378'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const id = pod.newId();
      const { stdout } = pod.fifos(id);
      const reader = holdOpen(stdout, { discard: true });
      context.atEnd(() => reader.close());
      const args = ['sh', '-c', '(yes)& (sleep 600)& exit 5'];
      await pod.run({ args, hostPid: true, request: { stdout } }, id);
      assert.equal((await within(PROMPTLY, 'Wait', client.wait(id))).exitStatus, 5);
      await within(SOON, 'Delete', client.delete(id));
      assert.deepEqual(pod.runcStates(), []);
    },
  },
  {
    name: 'stalled-reader-kill-and-wait',
    sentence:
      'With a reader of stdout that does not read, Kill and Wait are answered at once, Delete soon.',
    threads: ['kata#13676'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const other = await pod.run({ args: ['sleep', '1000'] });
      const id = pod.newId();
      const { stdout } = pod.fifos(id);
      const reader = holdOpen(stdout, { discard: false });
      context.atEnd(() => reader.close());
      await pod.run({ args: ['yes'], request: { stdout } }, id);
      const filled = pod.newId('filled');
      await client.exec({ id, execId: filled, args: ['sleep', '0.5'] });
      await client.start(id, filled);
      await client.wait(id, filled);
      await within(PROMPTLY, 'State', client.state(id));
      await within(PROMPTLY, 'Kill', client.kill(id, 9));
      assert.equal((await within(PROMPTLY, 'Wait', client.wait(id))).exitStatus, 137);
      const deleting = within(SOON, 'Delete', client.delete(id));
      await within(PROMPTLY, 'State of another', client.state(other.id));
      await deleting;
    },
  },
  {
    name: 'reader-goes-and-comes',
    sentence:
      'A reader of stdout that goes neither ends nor loses anything; the next one reads on.',
    threads: [
      'rust-extensions#100',
      'rust-extensions#154',
      'rust-extensions#218',
      'rust-extensions#276',
      'contract trap 37',
    ],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const id = pod.newId();
      const { stdout } = pod.fifos(id);
      const lines = 60_000;
      const script = `BEGIN { for (i = 0; i < ${lines}; i++) printf "%09d\\n", i }`;
      const first = runWell('head', ['-c', '1000', stdout]);
      await pod.run({ args: ['awk', script], request: { stdout } }, id);
      let text = await first;
      for (const size of [200_000, 1, 70_000]) {
        text += await runWell('head', ['-c', String(size), stdout]);
      }
      assert.equal((await client.state(id)).status, RUNNING, 'state while nobody reads');
      text += await runWell('cat', [stdout]);
      assert.equal(text.length, lines * 10);
      assert.ok(
        text
          .trim()
          .split('\n')
          .every((line, index) => Number(line) === index),
      );
      assert.equal((await client.wait(id)).exitStatus, 0);
    },
  },
  {
    name: 'output-ends-with-the-process',
    sentence: 'The FIFOs are closed when the output is at its end, not when Delete is called.',
    threads: ['contract trap 36a', 'contract trap 38'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const id = pod.newId();
      const { stdout, stderr } = pod.fifos(id);
      const out = pod.read(stdout);
      const err = pod.read(stderr);
      const args = ['sh', '-c', 'echo o; echo e >&2'];
      await pod.run({ args, request: { stdout, stderr } }, id);
      assert.equal((await within(SOON, 'end of stdout', out.finished)).stdout, 'o\n');
      assert.equal((await within(SOON, 'end of stderr', err.finished)).stdout, 'e\n');
    },
  },
  {
    name: 'create-that-nobody-reads',
    sentence:
      'A Create whose FIFO nobody opens holds no other container up, and ends with its client.',
    threads: ['contract trap 41', 'contract trap 46', 'containerd#4905'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const id = pod.newId();
      const { stdout } = pod.fifos(id);
      const bundle = pod.bundle(id, { args: ['true'] });
      const other = await pod.connect(pod.client.service);
      const creating = other.create({ id, bundle, stdout, options: pod.options() });
      creating.catch(() => {});
      const second = pod.newId();
      const secondBundle = pod.bundle(second, { args: ['true'] });
      const options = pod.options();
      const request = { id: second, bundle: secondBundle, options };
      await within(SOON, 'Create of another', pod.client.create(request));
      await within(PROMPTLY, 'State of another', pod.client.state(second));
      other.close();
      await pod.client.delete(second);
      await assert.rejects(creating);
    },
  },
  {
    name: 'log-write-error-stops-nobody',
    sentence:
      'When the disk of a `file://` log is full the container runs on, and later lines are written again.',
    threads: ['containerd#12462'],
    fast: true,
    seconds: 45,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const disk = join(pod.sandbox.directory, 'disk');
      await runWell('mkdir', [disk]);
      await runWell('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk]);
      const id = pod.newId();
      const { directory } = pod.sandbox;
      const go = join(directory, 'go');
      await runWell('mkfifo', [go]);
      const script =
        'head -c 2000000 /dev/zero; touch /tmp/here/written; read x < /tmp/here/go; echo resumed; exit 7';
      const binds = { '/tmp/here': directory };
      const request = { stdout: `file://${disk}/log` };
      await pod.run({ args: ['sh', '-c', script], binds, request }, id);
      const written = join(directory, 'written');
      await waitUntil('the container could write it all', () => existsSync(written), SOON);
      await runWell('truncate', ['-s', '0', join(disk, 'log')]);
      // A shim may look again from time to time only.
      await new Promise((resolve) => setTimeout(resolve, 2000));
      const writer = pod.write(go);
      writer.write('x\n');
      writer.closeInput();
      assert.equal((await within(SOON, 'end of the container', client.wait(id))).exitStatus, 7);
      await within(SOON, 'Delete', client.delete(id));
      assert.match(readFileSync(join(disk, 'log'), 'utf8'), /resumed/);
    },
  },
];
