import assert from 'node:assert/strict';
import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { wrappedRunc } from '../../../conformance/support/slowRuntime.ts';
import { debugSocketAddress, socketPathOf } from '../../../src/manager/socketAddress.ts';
import { asDaemon } from '../../support/asDaemon.ts';
import { shimCommand } from '../../support/binary.ts';
import { DUMP_DIRECTORY, takeDump } from '../../support/dumps.ts';
import { ShimPod } from '../../support/shimPod.ts';

/** A daemon that takes nothing away from the modes of what is made: what is missing in them is missing in the shim. */
let pod: ShimPod;
let bundle: string;
let path: (name: string) => string;

before(async () => {
  pod = await ShimPod.start({
    command: asDaemon(shimCommand(), '0'),
    bootstrap: true,
    words: ['-debug'],
  });
  path = (name) => join(pod.sandbox.directory, name);
  // The runtime notes the modes of what it is handed: it is gone again when the call has returned.
  const note = `stat -c '%n %a' "$word" >> ${path('notes')}`;
  const look = `for word in "$@"; do case "$word" in
    */pty.sock) ${note}; word=\${word%/pty.sock}; ${note} ;;
    *.process.json) ${note} ;;
  esac; done`;
  writeFileSync(path('notes'), '');
  const options = pod.options({ binaryName: wrappedRunc(pod, { '': look }) });
  ({ bundle } = await pod.run({ args: ['sleep', '1000'], request: { options } }, 'plain'));
  const { stdout } = pod.fifos('tty');
  pod.read(stdout);
  await pod.run({ args: ['sleep', '1000'], terminal: true, request: { options, stdout } }, 'tty');
  await pod.client.exec({ id: 'plain', execId: 'e1', args: ['true'] });
  await pod.client.start('plain', 'e1');
  await pod.client.wait('plain', 'e1');
});
after(() => pod?.close());

const modeOf = (file: string): string => (lstatSync(file).mode & 0o7777).toString(8);

function everythingBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const file = join(directory, entry.name);
    return entry.isDirectory() ? [file, ...everythingBelow(file)] : [file];
  });
}

describe('with a umask of 0', () => {
  test('the sockets and their directory are root’s alone', () => {
    const directory = dirname(pod.socket);
    const { address, namespace } = pod.sandbox;
    const identity = { directory, address, namespace, group: 'pod' };
    const debug = socketPathOf(debugSocketAddress(identity));
    assert.deepEqual(everythingBelow(directory).sort(), [pod.socket, debug].sort());
    assert.deepEqual([directory, pod.socket, debug].map(modeOf), ['700', '600', '600']);
  });

  test('the console socket, its directory and the process file of an exec are root’s alone', () => {
    const notes = readFileSync(path('notes'), 'utf8').trim().split('\n');
    const seen = new Set(
      notes.map((line) => line.replace(/^\S*\/(pty)\w+/, '$1').replace(/^\S*\//, '')),
    );
    assert.deepEqual([...seen].sort(), ['e1.process.json 600', 'pty 700', 'pty.sock 600'].sort());
  });

  test('what the shim writes into a bundle is root’s alone, but for the address', async () => {
    await pod.remove('tty');
    const ended = path('tty');
    const own = ['address', 'options.json', 'runtime', 'exit.json'];
    const modes = [bundle, ended, pod.firstBundle].flatMap((directory) =>
      readdirSync(directory)
        .filter((name) => own.includes(name))
        .map(
          (name) =>
            `${relative(pod.sandbox.directory, directory)}/${name} ${modeOf(join(directory, name))}`,
        ),
    );
    assert.deepEqual(modes.sort(), [
      'plain/options.json 600',
      'plain/runtime 600',
      'pod/address 644',
      'tty/exit.json 600',
      'tty/options.json 600',
      'tty/runtime 600',
    ]);
  });

  test('nothing else appears in a bundle but what the runtime writes, and nothing temporary stays', () => {
    const known = ['config.json', 'options.json', 'runtime', 'init.pid', 'log.json', 'e1.pid'];
    assert.deepEqual(
      readdirSync(bundle).filter((name) => !known.includes(name)),
      [],
    );
  });

  test('a dump and its directory are root’s alone', async () => {
    await takeDump(pod.pid);
    const name = readdirSync(DUMP_DIRECTORY).find((entry) => entry.endsWith(`-${pod.pid}.txt`));
    assert.deepEqual([DUMP_DIRECTORY, join(DUMP_DIRECTORY, name ?? '')].map(modeOf), [
      '700',
      '600',
    ]);
  });
});
