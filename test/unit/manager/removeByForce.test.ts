import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { removeByForce } from '../../../src/manager/removeByForce.ts';

let root: string;
before(() => {
  root = mkdtempSync(join(tmpdir(), 'podshim-'));
});
after(() => rmSync(root, { recursive: true, force: true }));

function startTime(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function stateOf(id: string, file: string, state: unknown): string {
  const directory = join(root, id);
  mkdirSync(directory);
  writeFileSync(join(directory, file), typeof state === 'string' ? state : JSON.stringify(state));
  return directory;
}

const unexpected = (text: string): never => assert.fail(text);

describe('removal by force', () => {
  test('kills the init that the state names, and removes the state', async () => {
    for (const [id, file, name, start] of [
      ['runc', 'state.json', 'init_process_pid', 'init_process_start'],
      ['crun', 'status', 'pid', 'process-start-time'],
    ] as const) {
      const child = spawn('sleep', ['1000']);
      await once(child, 'spawn');
      const pid = child.pid ?? 0;
      const directory = stateOf(id, file, { [name]: pid, [start]: Number(startTime(pid)) });
      const ended = once(child, 'exit');
      removeByForce(directory, id, unexpected);
      assert.equal((await ended)[1], 'SIGKILL');
      assert.ok(!existsSync(directory));
    }
  });

  test('leaves a later process of the same pid alone', () => {
    const directory = stateOf('later', 'state.json', {
      init_process_pid: process.pid,
      init_process_start: 1,
      cgroup_paths: { pids: '/etc/later', freezer: '/sys/fs/cgroup/../../../etc/later' },
    });
    removeByForce(directory, 'later', unexpected);
    assert.ok(!existsSync(directory));
  });

  test('leaves a directory alone that is no state of a runtime', () => {
    const directory = stateOf('documents', 'letter.txt', 'dear');
    const warnings: string[] = [];
    removeByForce(directory, 'documents', (text) => warnings.push(text));
    assert.ok(existsSync(join(directory, 'letter.txt')));
    assert.deepEqual(warnings, [
      `failed to remove container documents by force: ${directory} is no state of a runtime`,
    ]);
  });

  test('a broken state and none at all', () => {
    removeByForce(stateOf('broken', 'state.json', '{'), 'broken', unexpected);
    assert.ok(!existsSync(join(root, 'broken')));
    removeByForce(join(root, 'none'), 'none', unexpected);
    removeByForce(stateOf('begun', 'exec.fifo', ''), 'begun', unexpected);
    assert.ok(!existsSync(join(root, 'begun')));
  });
});
