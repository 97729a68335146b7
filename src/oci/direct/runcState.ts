import {
  type DirectContainer,
  type DirectSource,
  demand,
  hasHooks,
  isAbsent,
  isObject,
  ownCgroup,
  readObject,
} from './directContainer.ts';

/**
 * Reads runc's `state.json`. What it must not have is whatever makes runc's start, kill or delete do more than open a
 * FIFO, send a signal and remove directories (runc 1.1 to 1.5: start.go, kill.go, container_linux.go, state_linux.go).
 *
 * @throws NotDirect
 */
export function readRuncState(source: DirectSource): DirectContainer {
  const { id, pid, stateDirectory } = source;
  const state = readObject(`${stateDirectory}/state.json`);
  const { config } = state;
  demand(isObject(config), 'state.json has no config');
  demand(state.id === id && state.init_process_pid === pid, 'state.json is of another process');
  demand(!hasHooks(config.Hooks), 'hooks');
  demand(isAbsent(config.intel_rdt) && isAbsent(state.intel_rdt_path), 'intelRdt');
  demand(isAbsent(config.netDevices), 'netDevices');
  demand(
    state.rootless !== true && config.rootless_euid !== true && config.rootless_cgroups !== true,
    'rootless',
  );
  demand(hasOwnPidNamespace(config.namespaces), 'no pid namespace of its own');
  const { cgroups } = config;
  demand(isObject(cgroups) && cgroups.Rootless !== true, 'rootless cgroup');
  demand(cgroups.Systemd !== true, 'systemd cgroup driver');
  const paths = state.cgroup_paths;
  demand(isObject(paths) && Object.keys(paths).length > 0, 'no cgroups');
  const owned = Object.values(paths).map((path) => ownCgroup(path, id));
  return { kind: 'runc', stateDirectory, cgroups: owned, freezer: freezerOf(paths) };
}

function hasOwnPidNamespace(namespaces: unknown): boolean {
  return (
    Array.isArray(namespaces) &&
    namespaces.some(
      (namespace: unknown) =>
        isObject(namespace) && namespace.type === 'NEWPID' && isAbsent(namespace.path),
    )
  );
}

/** Under cgroup v1 one path per controller, under v2 a single one without a name. */
function freezerOf(paths: Readonly<Record<string, unknown>>): DirectContainer['freezer'] {
  if (typeof paths.freezer === 'string') {
    return { file: `${paths.freezer}/freezer.state`, thawed: 'THAWED' };
  }
  demand(Object.keys(paths).length === 1, 'no freezer');
  return { file: `${paths['']}/cgroup.freeze`, thawed: '0' };
}
