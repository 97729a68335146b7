import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { joinCgroup } from '../../../src/cgroup/join.ts';
import { skipFor } from '../../support/skipping.ts';
import { withDirectory } from './fixture.ts';
import {
  hierarchyMounts,
  makeCgroup,
  memoryMount,
  waitingShell,
  withoutCgroups,
} from './machine.ts';

describe('joinCgroup', () => {
  test('v1: every hierarchy that has the path', () => {
    const files = {
      'memory/a/cgroup.procs': '',
      'pids/a/cgroup.procs': '',
      'cpu/b/cgroup.procs': '',
    };
    withDirectory(files, (directory) => {
      const names = ['memory', 'pids', 'cpu', 'cpuacct'];
      const hierarchies = new Map(
        names.map((name) => {
          const folder = name === 'cpuacct' ? 'cpu' : name;
          return [name, { mountPoint: `${directory}/${folder}`, root: '/' }];
        }),
      );
      joinCgroup('/a', 42, { unified: false, hierarchies });
      assert.equal(readFileSync(`${directory}/memory/a/cgroup.procs`, 'utf8'), '42');
      assert.equal(readFileSync(`${directory}/pids/a/cgroup.procs`, 'utf8'), '42');
      assert.equal(readFileSync(`${directory}/cpu/b/cgroup.procs`, 'utf8'), '');
      assert.throws(() => joinCgroup('/c', 42, { unified: false, hierarchies }), {
        message: 'failed to load cgroup /c: cgroups: cgroup deleted',
      });
    });
  });

  test('v2', () => {
    withDirectory({ 'a/b/cgroup.procs': '' }, (mountPoint) => {
      const mode = { unified: true, mountPoint } as const;
      joinCgroup('/a/b', 42, mode);
      assert.equal(readFileSync(`${mountPoint}/a/b/cgroup.procs`, 'utf8'), '42');
      for (const path of ['a/b', '/a/../b', '/a//b', '/a/', '']) {
        assert.throws(() => joinCgroup(path, 42, mode), {
          message: `failed to load cgroup ${path}: cgroups: invalid group path`,
        });
      }
      assert.throws(
        () => joinCgroup('/gone', 42, mode),
        (error: Error) => {
          const text = error.message.replace(mountPoint, '');
          return (
            text ===
            'failed to join cgroup /gone: open /gone/cgroup.procs: no such file or directory'
          );
        },
      );
    });
  });

  test('on this machine', skipFor(withoutCgroups), async () => {
    const mounts = hierarchyMounts().filter((mount) => !mount.endsWith('/cpuset'));
    const cgroup = makeCgroup(mounts);
    const shell = waitingShell('true');
    try {
      joinCgroup(cgroup.path, shell.pid);
      for (const directory of cgroup.directories) {
        assert.equal(readFileSync(`${directory}/cgroup.procs`, 'utf8'), `${shell.pid}\n`);
      }
      const lines = readFileSync(`/proc/${shell.pid}/cgroup`, 'utf8').trim().split('\n');
      const moved = lines.filter((line) => line.endsWith(`:${cgroup.path}`));
      assert.equal(moved.length, cgroup.directories.length);
    } finally {
      await shell.end();
      cgroup.remove();
    }
  });

  test('a process that does not exist', skipFor(withoutCgroups), () => {
    const cgroup = makeCgroup([memoryMount() ?? '']);
    const procs = `${cgroup.directories[0]}/cgroup.procs`;
    try {
      assert.throws(() => joinCgroup(cgroup.path, 0x7fff_ffff), {
        message: `failed to join cgroup ${cgroup.path}: write ${procs}: no such process`,
      });
    } finally {
      cgroup.remove();
    }
  });
});
