import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntil } from '../../test/support/waiting.ts';
import type { ConformanceCase } from '../case.ts';

export const streamCases: readonly ConformanceCase[] = [
  {
    name: 'stdin-outlives-its-client',
    sentence:
      'A client of stdin may go and another come; the input ends after CloseIO and the last client.',
    threads: ['containerd#8856', 'contract trap 37', 'contract 7.5'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const id = pod.newId();
      const { stdin, stdout } = pod.fifos(id);
      const out = pod.read(stdout);
      await pod.run({ args: ['cat'], request: { stdin, stdout } }, id);
      const first = pod.write(stdin);
      first.write('one\n');
      await out.waitForOutput(/one\n/);
      first.closeInput();
      await first.finished;
      const second = pod.write(stdin);
      second.write('two\n');
      await out.waitForOutput(/two\n/);
      await pod.client.closeIo(id);
      second.closeInput();
      assert.equal((await pod.client.wait(id)).exitStatus, 0);
      assert.equal((await out.finished).stdout, 'one\ntwo\n');
    },
  },
  {
    name: 'exec-whose-client-vanished',
    sentence:
      'An exec with a terminal whose client went without a word can be killed and deleted, and leaks nothing.',
    threads: ['containerd#8856'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const { id } = await pod.run({ args: ['sleep', '1000'] });
      await pod.outputOfExec(id, ['echo', 'warm']);
      const before = pod.descriptors().length;
      const { stdin, stdout } = pod.fifos('vanished');
      const out = pod.read(stdout);
      await client.exec({ id, execId: 'e', args: ['cat'], terminal: true, stdin, stdout });
      await client.start(id, 'e');
      const keyboard = pod.write(stdin);
      keyboard.write('word\n');
      await out.waitForOutput(/word/);
      keyboard.kill('SIGKILL');
      out.kill('SIGKILL');
      await client.kill(id, 9, { execId: 'e' });
      assert.equal((await client.wait(id, 'e')).exitStatus, 137);
      await client.delete(id, 'e');
      await waitUntil(
        'its descriptors are closed',
        () => pod.descriptors().length === before,
        5000,
      );
    },
  },
  {
    name: 'stdout-can-be-reopened',
    sentence: 'A process can open /dev/stdout again, which it could not if that were a socket.',
    threads: ['contract trap 42'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const script = 'echo a; echo b > /dev/stdout; echo c > /proc/self/fd/1';
      assert.equal(await pod.outputOf({ args: ['sh', '-c', script] }), 'a\nb\nc\n');
    },
  },
  {
    name: 'pipes-are-blocking',
    sentence: 'The ends that the process gets are not in non-blocking mode.',
    threads: ['contract trap 43'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { id } = await pod.run({ args: ['sleep', '1000'] });
      const { stdin, stdout, stderr } = pod.fifos('modes');
      const out = pod.read(stdout);
      pod.read(stderr);
      const args = [
        'sh',
        '-c',
        'grep -h flags /proc/$$/fdinfo/0 /proc/$$/fdinfo/1 /proc/$$/fdinfo/2',
      ];
      await pod.client.exec({ id, execId: 'e', args, stdin, stdout, stderr });
      await pod.client.start(id, 'e');
      const flags = (await out.finished).stdout.trim().split('\n');
      assert.equal(flags.length, 3);
      for (const line of flags) {
        assert.equal(Number.parseInt(line.replace('flags:', '').trim(), 8) & 0o4000, 0, line);
      }
    },
  },
  {
    name: 'terminal-size-before-start',
    sentence: 'A terminal has the size it was given before Start, and ends its lines with CR LF.',
    threads: ['contract 7.4'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const id = pod.newId();
      const { stdout } = pod.fifos(id);
      const out = pod.read(stdout);
      await pod.create({ args: ['stty', 'size'], terminal: true, request: { stdout } }, id);
      await pod.client.resizePty(id, 12, 34);
      await pod.client.start(id);
      assert.equal((await out.finished).stdout, '34 12\r\n');
    },
  },
  {
    name: 'terminal-masters-are-closed',
    sentence:
      'The master of a terminal is open once while its process lives, and not after its Delete.',
    threads: ['contract trap 40', 'contract 7.4'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const masters = () => pod.descriptors().filter((path) => path.endsWith('ptmx')).length;
      const id = pod.newId();
      const { stdout } = pod.fifos(id);
      pod.read(stdout);
      await pod.run({ args: ['sleep', '1000'], terminal: true, request: { stdout } }, id);
      assert.equal(masters(), 1, 'masters while it lives');
      await pod.remove(id);
      await waitUntil('the master is closed', () => masters() === 0, 5000);
      await client.connectTask(id);
    },
  },
  {
    name: 'terminal-survives-hangups',
    sentence: 'When the last process of a terminal closes it and another opens it, output goes on.',
    threads: ['contract trap 39'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const id = pod.newId();
      const { stdout } = pod.fifos(id);
      const out = pod.read(stdout);
      const script =
        't=$(tty); echo one; exec < /dev/null > /dev/null 2>&1; sleep 0.5; echo two > $t; sleep 0.2';
      await pod.run({ args: ['sh', '-c', script], terminal: true, request: { stdout } }, id);
      assert.equal((await out.finished).stdout, 'one\r\ntwo\r\n');
    },
  },
  {
    name: 'output-to-file',
    sentence:
      'A `file://` stdout gets both streams, and is made with its directories and appended to.',
    threads: ['contract 7.1'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const path = join(pod.sandbox.directory, 'logs/deep/output.log');
      for (const word of ['one', 'two']) {
        const args = ['sh', '-c', `echo ${word}; echo e${word} >&2`];
        const { id } = await pod.run({ args, request: { stdout: `file://${path}` } });
        await pod.client.wait(id);
        await pod.client.delete(id);
      }
      // Its end is not waited for by every shim.
      const linesOf = (): string[] => readFileSync(path, 'utf8').trim().split('\n').sort();
      await waitUntil('all lines', () => linesOf().length === 4, 5000);
      assert.deepEqual(linesOf(), ['eone', 'etwo', 'one', 'two']);
    },
  },
  {
    name: 'output-to-logging-binary',
    sentence: 'A logging binary gets the streams on 3 and 4, its words, and just two variables.',
    threads: ['nerdctl#1877', 'contract trap 45', 'contract 7.6'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const path = (name: string): string => join(pod.sandbox.directory, name);
      const script = [
        '#!/bin/sh',
        `/usr/bin/tr '\\0' '\\n' < /proc/$$/environ > ${path('environment')}`,
        `printf '%s\\n' "$@" > ${path('words')}`,
        `/bin/ls /proc/$$/fd > ${path('descriptors')}`,
        'exec 5>&-',
        `/bin/cat <&3 > ${path('out')} &`,
        `/bin/cat <&4 > ${path('err')}`,
        'wait',
      ];
      writeFileSync(path('logger'), `${script.join('\n')}\n`, { mode: 0o755 });
      const stdout = `binary://${path('logger')}?first=1`;
      const args = ['sh', '-c', 'echo out; echo err >&2'];
      const { id } = await pod.run({ args, request: { stdout } });
      await pod.client.wait(id);
      await pod.client.delete(id);
      const isWritten = (name: string): boolean =>
        existsSync(path(name)) && readFileSync(path(name), 'utf8') === `${name}\n`;
      await waitUntil('the output is there', () => isWritten('out') && isWritten('err'));
      assert.equal(readFileSync(path('words'), 'utf8'), 'first\n1\n');
      const environment = readFileSync(path('environment'), 'utf8').trim().split('\n').sort();
      const namespace = `CONTAINER_NAMESPACE=${pod.sandbox.namespace}`;
      assert.deepEqual(environment, [`CONTAINER_ID=${id}`, namespace]);
      // The shell has its script open as 10 or higher.
      const own = readFileSync(path('descriptors'), 'utf8').trim().split('\n').map(Number);
      assert.deepEqual(own.filter((number) => number < 10).sort(), [0, 1, 2, 3, 4, 5]);
    },
  },
];
