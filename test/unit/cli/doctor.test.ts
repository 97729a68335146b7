import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  checks,
  type Finding,
  isAtLeast,
  missingCapabilities,
} from '../../../src/cli/doctor/checks.ts';
import { doctorText } from '../../../src/cli/doctor/doctor.ts';
import type { Facts } from '../../../src/cli/doctor/facts.ts';
import { mountOptions } from '../../../src/cli/doctor/mountOptions.ts';
import { plain } from '../../../src/cli/style.ts';

const allCapabilities = (1n << 41n) - 1n;
const privileges = { capabilities: allCapabilities, noNewPrivileges: false, seccomp: 0 };
const place = {
  path: '/run',
  use: 'bundles',
  noExec: true,
  readOnly: false,
  freeBytes: 1e9,
  freeInodes: 1e6,
  needsExec: false,
};

/** A machine on which nothing is wrong. */
const healthy: Facts = {
  user: 0,
  kernel: '6.1.0-25-amd64',
  architecture: 'x64',
  glibc: '2.36',
  process: privileges,
  userNamespace: false,
  features: { addon: undefined, pidfd: undefined, subreaper: undefined, splice: undefined },
  containerd: {
    program: {
      name: 'containerd',
      path: '/usr/bin/containerd',
      version: 'containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20',
    },
    pid: 1,
    searchPath: '/usr/bin',
    privileges,
    killMode: 'process',
  },
  shim: {
    path: '/usr/bin/containerd-shim-podshim-v1',
    version: '0.1.0',
    ownVersion: '0.1.0',
    ownPath: '/opt/podshim',
  },
  runtimes: [{ name: 'runc', path: '/usr/sbin/runc', version: 'runc version 1.1.5' }],
  cgroup: { mode: 'v2', controllers: ['cpu', 'memory', 'pids'], writable: true },
  sockets: { path: '/run/containerd/s', type: 'directory', uid: 0, mode: 0o711 },
  places: [place],
};

function examine(name: string, change: Partial<Facts>): Finding {
  const check = checks.find((candidate) => candidate.name === name);
  assert.ok(check !== undefined, name);
  return check.examine({ ...healthy, ...change });
}

function assertFinding(finding: Finding, level: Finding['level'], text: RegExp): void {
  assert.equal(finding.level, level);
  assert.match(`${finding.text}\n${finding.mend ?? ''}`, text);
}

describe('the doctor', () => {
  test('finds nothing where nothing is wrong', () => {
    for (const { name, examine: look } of checks) assert.equal(look(healthy).level, 'ok', name);
  });

  test('whatever is wrong comes with how to mend it', () => {
    const nobody: Facts = {
      ...healthy,
      user: 1000,
      kernel: '4.18.0',
      glibc: '2.28',
      features: { addon: 'a', pidfd: 'b', subreaper: 'c', splice: 'd' },
      containerd: {
        ...healthy.containerd,
        program: undefined,
        killMode: 'control-group',
        privileges: { capabilities: 0n, noNewPrivileges: true, seccomp: 2 },
      },
      shim: { ...healthy.shim, path: undefined },
      runtimes: [],
      cgroup: { mode: 'none', controllers: [], writable: false },
      sockets: { path: '/run/containerd/s', type: 'other', uid: 0, mode: 0o777 },
      places: [{ ...place, readOnly: true }],
    };
    for (const { name, examine: look } of checks) {
      const finding = look(nobody);
      assert.equal(finding.level, 'fail', name);
      assert.ok((finding.mend ?? '').length > 10, name);
    }
  });

  test('user', () => {
    assertFinding(examine('user', { user: 1000 }), 'fail', /sudo/);
    assertFinding(examine('user', { userNamespace: true }), 'warn', /[Rr]ootless/);
  });

  test('containerd, its version and whether it runs', () => {
    const { containerd } = healthy;
    const program = { name: 'containerd', path: '/c', version: 'containerd 1.5.9' };
    assertFinding(
      examine('containerd', { containerd: { ...containerd, program } }),
      'fail',
      /1\.6/,
    );
    assertFinding(
      examine('containerd', { containerd: { ...containerd, pid: undefined } }),
      'warn',
      /systemctl start/,
    );
    assertFinding(
      examine('service', { containerd: { ...containerd, killMode: 'control-group' } }),
      'fail',
      /KillMode=process/,
    );
    assert.equal(
      examine('service', { containerd: { ...containerd, killMode: undefined } }).level,
      'ok',
    );
  });

  test('the shim: missing, broken, or of another version', () => {
    const { shim } = healthy;
    assertFinding(
      examine('shim', { shim: { ...shim, path: undefined } }),
      'fail',
      /install -m 755 \/opt\/podshim \/usr\/local\/bin\/containerd-shim-podshim-v1/,
    );
    assertFinding(examine('shim', { shim: { ...shim, version: undefined } }), 'fail', /noexec/);
    assertFinding(examine('shim', { shim: { ...shim, version: '0.0.9' } }), 'warn', /0\.0\.9/);
  });

  test('runtimes', () => {
    const old = { name: 'runc', path: '/r', version: 'runc version 1.0.3' };
    assertFinding(examine('OCI runtime', { runtimes: [old] }), 'warn', /1\.1/);
    const broken = { name: 'crun', path: '/c', version: undefined };
    assertFinding(examine('OCI runtime', { runtimes: [broken] }), 'fail', /\/c cannot be run/);
  });

  test('cgroups', () => {
    const { cgroup } = healthy;
    assertFinding(
      examine('cgroups', { cgroup: { ...cgroup, writable: false } }),
      'fail',
      /remount/,
    );
    assertFinding(
      examine('cgroups', { cgroup: { ...cgroup, controllers: ['cpu'] } }),
      'warn',
      /memory and pids/,
    );
  });

  test('sockets that others could replace', () => {
    const directory = { path: '/s', type: 'directory', uid: 0, mode: 0o777 } as const;
    assertFinding(examine('sockets', { sockets: directory }), 'fail', /chmod 711/);
    assertFinding(
      examine('sockets', { sockets: { ...directory, uid: 7, mode: 0o700 } }),
      'fail',
      /chown/,
    );
    assert.equal(examine('sockets', { sockets: undefined }).level, 'ok');
  });

  test('places: noexec, read-only, full', () => {
    const shimPlace = { ...place, path: '/opt', needsExec: true };
    assertFinding(examine('places', { places: [shimPlace] }), 'fail', /noexec/);
    assertFinding(
      examine('places', { places: [{ ...place, readOnly: true }] }),
      'fail',
      /read-only/,
    );
    assertFinding(examine('places', { places: [{ ...place, freeInodes: 3 }] }), 'fail', /3 inodes/);
    const readOnlyShim = { ...shimPlace, noExec: false, readOnly: true, freeBytes: 0 };
    assert.equal(examine('places', { places: [readOnlyShim] }).level, 'ok');
  });

  test('privileges are those of containerd when it runs', () => {
    const with_ = (change: object): Partial<Facts> => ({
      containerd: { ...healthy.containerd, privileges: { ...privileges, ...change } },
    });
    assertFinding(examine('privileges', with_({ capabilities: 0n })), 'fail', /CAP_SYS_ADMIN/);
    assertFinding(examine('privileges', with_({ noNewPrivileges: true })), 'warn', /setuid/);
    assertFinding(examine('privileges', with_({ seccomp: 2 })), 'warn', /seccomp/);
    assert.deepEqual(missingCapabilities(allCapabilities & ~(1n << 21n)), ['CAP_SYS_ADMIN']);
  });

  test('versions are compared by number', () => {
    assert.ok(isAtLeast('1.10.0', '1.6'));
    assert.ok(isAtLeast('5.3.0-rc1', '5.3'));
    assert.ok(!isAtLeast('4.19', '5.3'));
    assert.ok(isAtLeast('2', '1.1'));
    assert.ok(!isAtLeast('1', '1.1'));
  });

  test('the table is 80 columns wide and ends with a verdict', () => {
    const text = 'a word and another one that make a line which has to be wrapped somewhere';
    const output = doctorText(
      [
        { name: 'one', level: 'ok', text },
        { name: 'two', level: 'fail', text, mend: text },
        { name: 'three', level: 'warn', text, mend: 'x' },
      ],
      plain,
      80,
    );
    assert.ok(output.split('\n').every((line) => line.length <= 80));
    assert.match(output, /^ok {4}one {11}a word/);
    assert.match(output, /\n {20}mend: a word/);
    assert.match(output, /\npodshim will not work here: 1 to mend, 1 to look at\n$/);
  });
});

describe('mount options', () => {
  const mountInfo = [
    '20 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw',
    '21 20 0:20 / /run rw,nosuid,noexec - tmpfs tmpfs rw',
    '22 21 0:21 / /run/with\\040blank ro - tmpfs tmpfs ro',
    '23 20 0:22 / /run rw,nosuid - tmpfs tmpfs rw',
    '',
  ].join('\n');

  test('are those of the last and deepest mount', () => {
    assert.deepEqual(mountOptions('/usr/bin', mountInfo), ['rw', 'relatime']);
    assert.deepEqual(mountOptions('/run', mountInfo), ['rw', 'nosuid']);
    assert.deepEqual(mountOptions('/runner', mountInfo), ['rw', 'relatime']);
    assert.deepEqual(mountOptions('/run/with blank/x', mountInfo), ['ro']);
    assert.deepEqual(mountOptions('/x', ''), []);
  });
});
