import { busyboxRootfs } from './rootfs.ts';

export interface SpecInput {
  readonly args: readonly string[];
  readonly terminal?: boolean;
  /** The container gets no pid namespace of its own. */
  readonly hostPid?: boolean;
  /** Namespaces to be joined. */
  readonly namespaces?: readonly { readonly type: string; readonly path: string }[];
  readonly cgroup: string;
  /** Bind mounts: inside to outside. */
  readonly binds?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** root.path; by default the shared busybox, read-only. */
  readonly root?: string;
  readonly resources?: Readonly<Record<string, unknown>>;
  readonly hooks?: Readonly<Record<string, unknown>>;
}

/** A config.json for runc: a busybox container without network, capabilities or limits of its own. */
export function ociSpec(input: SpecInput): Readonly<Record<string, unknown>> {
  const { namespaces: joined = [] } = input;
  const own = ['mount', 'ipc', 'uts', ...(input.hostPid === true ? [] : ['pid'])]
    .filter((type) => joined.every((namespace) => namespace.type !== type))
    .map((type) => ({ type }));
  const binds = Object.entries(input.binds ?? {}).map(([destination, source]) => ({
    destination,
    source,
    type: 'bind',
    options: ['bind', 'rw'],
  }));
  return {
    ociVersion: '1.0.2',
    ...(input.hooks === undefined ? {} : { hooks: input.hooks }),
    process: {
      terminal: input.terminal ?? false,
      user: { uid: 0, gid: 0 },
      args: input.args,
      env: ['PATH=/bin', 'TERM=xterm'],
      cwd: '/',
      capabilities: {},
    },
    root: { path: input.root ?? busyboxRootfs(), readonly: true },
    ...(own.some(({ type }) => type === 'uts') ? { hostname: 'test' } : {}),
    annotations: input.annotations ?? {},
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
      {
        destination: '/dev/pts',
        type: 'devpts',
        source: 'devpts',
        options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'],
      },
      { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['nosuid'] },
      ...binds,
    ],
    linux: {
      namespaces: [...own, ...joined],
      cgroupsPath: input.cgroup,
      resources: input.resources ?? {},
    },
  };
}
