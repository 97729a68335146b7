/** The messages of proto/runtime.proto as the tests write and read them; 64-bit numbers come as `number`. */
export interface CriMethods {
  Version: { request: object; response: { runtimeName: string; runtimeVersion: string } };
  RunPodSandbox: {
    request: { config: PodConfig; runtimeHandler: string };
    response: { podSandboxId: string };
  };
  StopPodSandbox: { request: { podSandboxId: string }; response: object };
  RemovePodSandbox: { request: { podSandboxId: string }; response: object };
  PodSandboxStatus: {
    request: { podSandboxId: string; verbose: boolean };
    response: { status: { state: PodState }; info: Record<string, string> };
  };
  ListPodSandbox: { request: object; response: { items: { id: string; state: PodState }[] } };
  PodSandboxStats: { request: { podSandboxId: string }; response: { stats: PodStats } };
  CreateContainer: {
    request: { podSandboxId: string; config: ContainerConfig; sandboxConfig: PodConfig };
    response: { containerId: string };
  };
  StartContainer: { request: { containerId: string }; response: object };
  StopContainer: { request: { containerId: string; timeout: number }; response: object };
  RemoveContainer: { request: { containerId: string }; response: object };
  ListContainers: {
    request: { filter: { podSandboxId: string } };
    response: { containers: { id: string }[] };
  };
  ContainerStatus: {
    request: { containerId: string; verbose: boolean };
    response: { status: ContainerStatus; info: Record<string, string> };
  };
  UpdateContainerResources: {
    request: { containerId: string; linux: Resources };
    response: object;
  };
  ExecSync: {
    request: { containerId: string; cmd: readonly string[]; timeout: number };
    response: { stdout: Uint8Array; stderr: Uint8Array; exitCode: number };
  };
  ContainerStats: { request: { containerId: string }; response: { stats: ContainerStats } };
  ListContainerStats: {
    request: { filter: { podSandboxId: string } };
    response: { stats: ContainerStats[] };
  };
  ImageStatus: {
    request: { image: { image: string } };
    response: { image: { id: string } | null };
  };
}

export type PodState = 'SANDBOX_READY' | 'SANDBOX_NOTREADY';
export type NamespaceMode = 'POD' | 'CONTAINER' | 'NODE';

export interface NamespaceOptions {
  readonly network: NamespaceMode;
  readonly pid: NamespaceMode;
  readonly ipc: NamespaceMode;
}

export interface PodConfig {
  readonly metadata: { name: string; uid: string; namespace: string };
  readonly logDirectory: string;
  readonly linux: {
    cgroupParent: string;
    securityContext: { namespaceOptions: NamespaceOptions };
  };
}

export interface Resources {
  readonly memoryLimitInBytes: number;
}

export interface ContainerConfig {
  readonly metadata: { name: string };
  readonly image: { image: string };
  readonly command: readonly string[];
  readonly logPath: string;
  readonly tty: boolean;
  readonly linux: {
    resources: Resources;
    securityContext: { namespaceOptions: NamespaceOptions };
  };
}

export interface ContainerStatus {
  readonly state: 'CONTAINER_CREATED' | 'CONTAINER_RUNNING' | 'CONTAINER_EXITED';
  readonly createdAt: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly exitCode: number;
  readonly reason: string;
}

export interface ContainerStats {
  readonly attributes: { id: string };
  readonly cpu: { usageCoreNanoSeconds: Amount } | null;
  readonly memory: { workingSetBytes: Amount } | null;
}

export interface PodStats {
  readonly attributes: { id: string };
  readonly linux: {
    readonly cpu: { usageCoreNanoSeconds: Amount } | null;
    readonly memory: { workingSetBytes: Amount } | null;
    readonly process: { processCount: Amount } | null;
    readonly containers: readonly ContainerStats[];
  };
}

type Amount = { readonly value: number } | null;
