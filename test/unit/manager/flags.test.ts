import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseFlags, UsageError, usage } from '../../../src/flags.ts';

const parse = (...words: string[]) => parseFlags(words, 'shim');

function failure(...words: string[]): UsageError {
  try {
    parse(...words);
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return error;
  }
  throw new assert.AssertionError({ message: `accepted: ${words.join(' ')}` });
}

describe('flags', () => {
  test('reads what each daemon writes for start', () => {
    const flags = parse(
      '-namespace',
      'k8s.io',
      '-address',
      '/run/containerd/containerd.sock',
      '-publish-binary',
      '/usr/bin/containerd',
      '-id',
      'abc',
      '-debug',
      'start',
    );
    assert.deepEqual(flags, {
      debug: true,
      version: false,
      info: false,
      namespace: 'k8s.io',
      id: 'abc',
      socket: '',
      debugSocket: '',
      bundle: '',
      address: '/run/containerd/containerd.sock',
      publishBinary: '/usr/bin/containerd',
      action: 'start',
    });
  });

  test('reads what each daemon writes for delete', () => {
    const flags = parse('-namespace', 'n', '-id', 'x', '-bundle', '/b', '-debug', 'delete');
    assert.equal(flags.bundle, '/b');
    assert.equal(flags.debug, true);
    assert.equal(flags.action, 'delete');
  });

  test('one and two dashes are equal, with a space or an equals sign', () => {
    for (const words of [['-id', 'a'], ['--id', 'a'], ['-id=a'], ['--id=a']]) {
      assert.equal(parse(...words).id, 'a');
    }
    assert.equal(parse('-id=a=b').id, 'a=b');
    assert.equal(parse('-id=').id, '');
    assert.equal(parse('-debug-socket', '/d', '-socket', '/s').debugSocket, '/d');
  });

  test('a string takes the next word whatever it looks like', () => {
    assert.equal(parse('-id', '-debug').id, '-debug');
    assert.equal(parse('-id', '-debug').debug, false);
    assert.equal(parse('-id', '--').id, '--');
  });

  test('a boolean never takes the next word', () => {
    const flags = parse('-debug', 'false', '-id', 'a');
    assert.equal(flags.debug, true);
    assert.equal(flags.action, 'false');
    assert.equal(flags.id, '');
    assert.equal(parse('-debug=false').debug, false);
    for (const yes of ['1', 't', 'T', 'true', 'TRUE', 'True']) {
      assert.equal(parse(`-debug=${yes}`).debug, true);
    }
    for (const no of ['0', 'f', 'F', 'false', 'FALSE', 'False']) {
      assert.equal(parse('-debug', `-debug=${no}`).debug, false);
    }
  });

  test('stops at the first word that is no flag, and at --', () => {
    assert.equal(parse('start', '-id', 'a').id, '');
    assert.equal(parse('--', '-id').action, '-id');
    assert.equal(parse('-', '-id').action, '-');
    assert.equal(parse('', '-id').action, '');
    assert.equal(parse('-id', 'a', '--', 'delete').action, 'delete');
    assert.equal(parse().action, '');
  });

  test('the last value wins', () => {
    assert.equal(parse('-id', 'a', '-id', 'b').id, 'b');
  });

  test('both names of the version flag', () => {
    assert.equal(parse('-v').version, true);
    assert.equal(parse('--version').version, true);
    assert.equal(parse('-info').info, true);
  });

  test('mistakes are exit code 2, with the words of Go and the usage', () => {
    const cases: [string[], string][] = [
      [['-nope'], 'flag provided but not defined: -nope'],
      [['--nope=1'], 'flag provided but not defined: -nope'],
      [['-id'], 'flag needs an argument: -id'],
      [['---id'], 'bad flag syntax: ---id'],
      [['-=x'], 'bad flag syntax: -=x'],
      [['--=x'], 'bad flag syntax: --=x'],
      [['-debug=maybe'], 'invalid boolean value "maybe" for -debug: parse error'],
      [['-debug='], 'invalid boolean value "" for -debug: parse error'],
    ];
    for (const [words, message] of cases) {
      const error = failure(...words);
      assert.equal(error.message, message);
      assert.equal(error.exitCode, 2);
      assert.equal(error.output, `${message}\n${usage('shim')}`);
    }
  });

  test('help is the usage and exit code 0', () => {
    for (const word of ['-h', '-help', '--h', '--help']) {
      const error = failure(word);
      assert.equal(error.exitCode, 0);
      assert.equal(error.output, usage('shim'));
    }
  });

  test('the usage names every flag in the order of Go', () => {
    const text = usage('/bin/shim');
    assert.ok(text.startsWith('Usage of /bin/shim:\n  -address string\n    \t'));
    assert.deepEqual(
      [...text.matchAll(/^ {2}-([a-z-]+)/gm)].map((match) => match[1]),
      [
        'address',
        'bundle',
        'debug',
        'debug-socket',
        'id',
        'info',
        'namespace',
        'publish-binary',
        'socket',
        'v',
        'version',
      ],
    );
    assert.ok(text.includes('\n  -v\tshow the shim version and exit\n'));
  });
});
