import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readCrunState } from '../../../../src/oci/direct/crunState.ts';
import { readRuncState } from '../../../../src/oci/direct/runcState.ts';

type Json = Record<string, unknown>;

let stateDirectory: string;
before(() => {
  stateDirectory = mkdtempSync(join(tmpdir(), 'podshim-state-'));
});
after(() => rmSync(stateDirectory, { recursive: true }));

const source = () => ({ id: 'box', pid: 42, stateDirectory });
const hooks = { prestart: null, poststop: [] };
const own = [
  { type: 'NEWPID', path: '' },
  { type: 'NEWNS', path: '' },
];

function runcState(config: Json = {}, state: Json = {}): ReturnType<typeof readRuncState> {
  const text = JSON.stringify({
    id: 'box',
    init_process_pid: 42,
    cgroup_paths: { '': '/sys/fs/cgroup/pods/box' },
    intel_rdt_path: '',
    ...state,
    config: { namespaces: own, cgroups: { path: '/pods/box' }, Hooks: hooks, ...config },
  });
  writeFileSync(join(stateDirectory, 'state.json'), text);
  return readRuncState(source());
}

describe("runc's state", () => {
  test('of a plain container, cgroup v2', () => {
    assert.deepEqual(runcState(), {
      kind: 'runc',
      stateDirectory,
      cgroups: ['/sys/fs/cgroup/pods/box'],
      freezer: { file: '/sys/fs/cgroup/pods/box/cgroup.freeze', thawed: '0' },
    });
  });

  test('of a plain container, cgroup v1', () => {
    const paths = { freezer: '/sys/fs/cgroup/freezer/box', pids: '/sys/fs/cgroup/pids/box' };
    const { cgroups, freezer } = runcState({}, { cgroup_paths: paths });
    assert.deepEqual(cgroups, Object.values(paths));
    assert.equal(freezer?.file, '/sys/fs/cgroup/freezer/box/freezer.state');
  });

  const refused: [string, Json, Json, RegExp][] = [
    ['another id', {}, { id: 'other' }, /another process/],
    ['another init', {}, { init_process_pid: 43 }, /another process/],
    ['a hook', { Hooks: { poststop: [{ path: '/bin/true' }] } }, {}, /^hooks$/],
    ['intelRdt', { intel_rdt: { closID: 'x' } }, {}, /intelRdt/],
    ['a group of intelRdt', {}, { intel_rdt_path: '/sys/fs/resctrl/x' }, /intelRdt/],
    ['intelRdt without anything', { intel_rdt: {} }, {}, /intelRdt/],
    ['a net device', { netDevices: { eth1: {} } }, {}, /netDevices/],
    ['rootless', {}, { rootless: true }, /rootless/],
    ['rootless cgroups', { rootless_cgroups: true }, {}, /rootless/],
    ['no pid namespace', { namespaces: [{ type: 'NEWNS', path: '' }] }, {}, /pid namespace/],
    [
      'a joined pid namespace',
      { namespaces: [{ type: 'NEWPID', path: '/proc/1/ns/pid' }] },
      {},
      /pid namespace/,
    ],
    ['systemd', { cgroups: { Systemd: true } }, {}, /systemd/],
    ['no cgroups', {}, { cgroup_paths: {} }, /no cgroups/],
    [
      'a cgroup of others',
      {},
      { cgroup_paths: { '': '/sys/fs/cgroup/pods' } },
      /not the container's own/,
    ],
    ['a cgroup elsewhere', {}, { cgroup_paths: { '': '/tmp/box' } }, /not the container's own/],
    [
      'a cgroup that climbs',
      {},
      { cgroup_paths: { '': '/sys/fs/cgroup/../../box' } },
      /not the container's own/,
    ],
    [
      'cgroup v1 without a freezer',
      {},
      { cgroup_paths: { a: '/sys/fs/cgroup/a/box', b: '/sys/fs/cgroup/b/box' } },
      /no freezer/,
    ],
  ];
  for (const [what, config, state, reason] of refused) {
    test(`${what}: not directly`, () => {
      assert.throws(() => runcState(config, state), { message: reason });
    });
  }

  test('missing or broken: not directly', () => {
    writeFileSync(join(stateDirectory, 'state.json'), '{"id":');
    assert.throws(() => readRuncState(source()), /cannot be read/);
    writeFileSync(join(stateDirectory, 'state.json'), '[]');
    assert.throws(() => readRuncState(source()), /not an object/);
    rmSync(join(stateDirectory, 'state.json'));
    assert.throws(() => readRuncState(source()), /cannot be read/);
  });
});

function crunState(status: Json = {}, spec: Json = {}): ReturnType<typeof readCrunState> {
  mkdirSync(stateDirectory, { recursive: true });
  const text = {
    pid: 42,
    'cgroup-path': '/pods/box',
    scope: '',
    'systemd-cgroup': false,
    ...status,
  };
  writeFileSync(join(stateDirectory, 'status'), JSON.stringify(text));
  return readCrunState(source(), { linux: { namespaces: [{ type: 'pid' }] }, ...spec });
}

describe("crun's status", () => {
  test('of a plain container', () => {
    const { kind, cgroups, freezer } = crunState();
    assert.equal(kind, 'crun');
    assert.equal(freezer, undefined);
    assert.ok(cgroups.length > 0);
    for (const path of cgroups) assert.match(path, /^\/sys\/fs\/cgroup\/([^/]+\/)?pods\/box$/);
  });

  const refused: [string, Json, Json, RegExp][] = [
    ['another init', { pid: 1 }, {}, /another process/],
    ['systemd', { 'systemd-cgroup': true }, {}, /systemd/],
    ['a scope', { scope: 'box.scope' }, {}, /systemd/],
    ['no cgroup', { 'cgroup-path': '' }, {}, /no cgroup/],
    ['a cgroup of others', { 'cgroup-path': '/pods' }, {}, /not the container's own/],
    ['a hook', {}, { hooks: { poststart: [{ path: '/bin/true' }] } }, /^hooks$/],
    ['no pid namespace', {}, { linux: { namespaces: [] } }, /pid namespace/],
    [
      'intelRdt',
      {},
      { linux: { namespaces: [{ type: 'pid' }], intelRdt: { closID: 'x' } } },
      /intelRdt/,
    ],
    ['a handler of its own', {}, { annotations: { 'run.oci.handler': 'wasm' } }, /run\.oci/],
  ];
  for (const [what, status, spec, reason] of refused) {
    test(`${what}: not directly`, () => {
      assert.throws(() => crunState(status, spec), { message: reason });
    });
  }
});
