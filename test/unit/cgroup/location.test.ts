import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CgroupV1, CgroupV2, loadCgroup, locateCgroup } from '../../../src/cgroup/cgroup.ts';
import { parseHierarchies } from '../../../src/cgroup/mode.ts';
import { directoryIn, parseCgroupFile } from '../../../src/cgroup/paths.ts';
import { withDirectory } from './fixture.ts';

describe('mounts of v1', () => {
  test('separate, co-mounted, named, with a space in the path, and others', () => {
    const mountInfo = [
      '31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755',
      '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 master:1 - cgroup cgroup rw,cpu,cpuacct',
      '35 31 0:32 /docker/x /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory',
      '40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd',
      '41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw',
      '42 31 0:39 / /mnt/a\\040b rw - cgroup cgroup rw,pids',
      '43 31 0:39 / /mnt/second rw - cgroup cgroup rw,pids',
      '',
    ].join('\n');
    const both = { mountPoint: '/sys/fs/cgroup/cpu,cpuacct', root: '/' };
    assert.deepEqual(Object.fromEntries(parseHierarchies(mountInfo)), {
      cpu: both,
      cpuacct: both,
      memory: { mountPoint: '/sys/fs/cgroup/memory', root: '/docker/x' },
      'name=systemd': { mountPoint: '/sys/fs/cgroup/systemd', root: '/' },
      pids: { mountPoint: '/mnt/a b', root: '/' },
    });
  });
});

describe('/proc/<pid>/cgroup', () => {
  test('hybrid, and a path with a colon', () => {
    const paths = parseCgroupFile('5:cpu,cpuacct:/a:b\n1:name=systemd:/init.scope\n0::/c/d\n');
    assert.equal(paths.unified, '/c/d');
    assert.deepEqual(Object.fromEntries(paths.bySubsystem), {
      cpu: '/a:b',
      cpuacct: '/a:b',
      'name=systemd': '/init.scope',
    });
  });

  test('v1 alone has no unified path', () => {
    assert.equal(parseCgroupFile('4:memory:/x\n').unified, undefined);
    assert.equal(parseCgroupFile('').unified, undefined);
  });
});

describe('directory of a v1 cgroup', () => {
  const whole = { mountPoint: '/m', root: '/' };
  const part = { mountPoint: '/m', root: '/docker/x' };

  test('whole hierarchy', () => {
    assert.equal(directoryIn(whole, '/'), '/m');
    assert.equal(directoryIn(whole, '/a/b'), '/m/a/b');
  });

  test('mount of a part', () => {
    assert.equal(directoryIn(part, '/docker/x'), '/m');
    assert.equal(directoryIn(part, '/docker/x/y'), '/m/y');
    assert.equal(directoryIn(part, '/docker/xyz'), '/m/docker/xyz');
  });

  test('outside of the cgroup namespace', () => {
    assert.equal(directoryIn(whole, '/../other'), undefined);
  });
});

describe('locateCgroup', () => {
  test('v2', () => {
    withDirectory({ 'pod/one/cgroup.procs': '' }, (mountPoint) => {
      const mode = { unified: true, mountPoint } as const;
      const cgroup = locateCgroup('0::/pod/one\n', mode);
      assert.ok(cgroup instanceof CgroupV2);
      assert.equal(cgroup.directory, `${mountPoint}/pod/one`);
      assert.equal(locateCgroup('0::/pod/one (deleted)\n', mode), undefined);
      assert.equal(locateCgroup('4:memory:/pod/one\n', mode), undefined);
    });
  });

  test('v1 keeps the subsystems whose directory exists', () => {
    withDirectory({ 'memory/c/tasks': '', 'pids/other/tasks': '' }, (directory) => {
      const hierarchies = new Map(
        ['memory', 'pids'].map((name) => [name, { mountPoint: `${directory}/${name}`, root: '/' }]),
      );
      const mode = { unified: false, hierarchies } as const;
      const cgroup = locateCgroup('1:cpu:/c\n2:memory:/c\n3:pids:/c\n', mode);
      assert.ok(cgroup instanceof CgroupV1);
      assert.deepEqual([...cgroup.directories], [['memory', `${directory}/memory/c`]]);
      assert.equal(locateCgroup('2:memory:/gone\n', mode), undefined);
    });
  });

  test('a process that does not exist has none', () => {
    assert.equal(loadCgroup(0x7fff_ffff), undefined);
  });
});
