/** A `google.protobuf.Any`: a message and the name of its type. */
export interface AnyValue {
  typeUrl: string;
  value: Uint8Array;
}

/** containerd's type URL of a protobuf message is its full name, without prefix or slash (contract 6.1). */
export function packAny(fullName: string, value: Uint8Array): AnyValue {
  return { typeUrl: fullName, value };
}

/** The part of a type URL that names a protobuf message; others may put a prefix before it (contract 6.1). */
export function lastSegment(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf('/') + 1);
}

/** Type URLs of options that arrive in Create and Checkpoint (contract 6.2 to 6.4). */
export const OptionsType = {
  runc: 'containerd.runc.v1.Options',
  runcCheckpoint: 'containerd.runc.v1.CheckpointOptions',
  processDetails: 'containerd.runc.v1.ProcessDetails',
  runtime: 'runtimeoptions.v1.Options',
  legacyRunc: 'containerd.linux.runc.RuncOptions',
  legacyCreate: 'containerd.linux.runc.CreateOptions',
  legacyCheckpoint: 'containerd.linux.runc.CheckpointOptions',
} as const;

/** Type URLs whose value is JSON, not protobuf (contract 6.1). */
export const JsonType = {
  spec: 'types.containerd.io/opencontainers/runtime-spec/1/Spec',
  process: 'types.containerd.io/opencontainers/runtime-spec/1/Process',
  linuxResources: 'types.containerd.io/opencontainers/runtime-spec/1/LinuxResources',
  features: 'types.containerd.io/opencontainers/runtime-spec/1/features/Features',
} as const;

/** Type URLs of the answers of Stats. */
export const MetricsType = {
  v1: 'io.containerd.cgroups.v1.Metrics',
  v2: 'io.containerd.cgroups.v2.Metrics',
} as const;
