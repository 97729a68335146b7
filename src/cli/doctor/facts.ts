/** What the doctor knows of a machine. Gathered once; every check is a function of it. */
export interface Facts {
  readonly user: number;
  readonly kernel: string;
  readonly architecture: string;
  /** Version of the GNU C library; undefined where there is none. */
  readonly glibc: string | undefined;
  readonly process: PrivilegeFacts;
  /** A user namespace does not map all users: we are root in here only. */
  readonly userNamespace: boolean;
  /** What each kernel feature that podshim needs answered when it was tried; undefined: it works. */
  readonly features: Readonly<Record<Feature, string | undefined>>;
  readonly containerd: ContainerdFacts;
  readonly shim: ShimFacts;
  /** The OCI runtimes on containerd's PATH. */
  readonly runtimes: readonly ProgramFacts[];
  readonly cgroup: CgroupFacts;
  /** containerd's directory for the sockets of shims. */
  readonly sockets: DirectoryFacts | undefined;
  readonly places: readonly PlaceFacts[];
}

/** `addon`: podshim's own native part loads. */
export type Feature = 'addon' | 'pidfd' | 'subreaper' | 'splice';

export interface PrivilegeFacts {
  /** CapEff of /proc/<pid>/status. */
  readonly capabilities: bigint;
  readonly noNewPrivileges: boolean;
  /** 0 none, 1 strict, 2 filter. */
  readonly seccomp: number;
}

export interface ProgramFacts {
  readonly name: string;
  readonly path: string;
  /** What it says of itself; undefined when it could not be run. */
  readonly version: string | undefined;
}

export interface ContainerdFacts {
  readonly program: ProgramFacts | undefined;
  /** undefined: it is not running. */
  readonly pid: number | undefined;
  /** PATH as the daemon has it, or ours when it does not run. */
  readonly searchPath: string;
  readonly privileges: PrivilegeFacts | undefined;
  /** KillMode of its systemd unit; undefined without one. */
  readonly killMode: string | undefined;
}

export interface ShimFacts {
  /** Where containerd would find the shim. */
  readonly path: string | undefined;
  /** `Version: …` of that binary. */
  readonly version: string | undefined;
  /** Of the binary that asks. */
  readonly ownVersion: string;
  readonly ownPath: string;
}

export interface CgroupFacts {
  readonly mode: 'v1' | 'hybrid' | 'v2' | 'none';
  readonly controllers: readonly string[];
  readonly writable: boolean;
}

export interface DirectoryFacts {
  readonly path: string;
  readonly type: 'directory' | 'other';
  readonly uid: number;
  /** Permission bits. */
  readonly mode: number;
}

/** A file system that podshim or its containers need. */
export interface PlaceFacts {
  readonly path: string;
  /** What lies there. */
  readonly use: string;
  readonly noExec: boolean;
  readonly readOnly: boolean;
  readonly freeBytes: number;
  readonly freeInodes: number;
  /** Code is mapped from here. */
  readonly needsExec: boolean;
}
