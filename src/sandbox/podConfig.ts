import type { NamespaceRequest } from '../posix/namespaces.ts';
import { type AnyValue, lastSegment } from '../proto/any.ts';
import { PodSandboxConfig } from '../proto/messages.ts';
import { unimplemented } from '../ttrpc/status.ts';
import { kernelSettings } from './kernelSettings.ts';

const podSandboxConfig = 'runtime.v1.PodSandboxConfig';
/** NamespaceMode of the CRI. */
const mode = { pod: 0, node: 2 } as const;

export interface PodRequest {
  /** Empty for the network of the machine. */
  readonly netnsPath: string;
  readonly options: AnyValue | undefined;
  /** Of a spec without a process, where there is one. */
  readonly hostname: string | undefined;
}

/**
 * The namespaces of a pod, from what the CRI plugin tells of it in CreateSandbox. Without a PodSandboxConfig the pod
 * has its own IPC namespace, and its own UTS namespace where it has a network of its own.
 * @throws StatusError Unimplemented for what takes a process: pid and user namespaces shared by the pod's containers;
 * InvalidArgument for settings that are not the pod's
 */
export function podNamespaces(request: PodRequest): NamespaceRequest {
  const { netnsPath, options } = request;
  const ownNetwork = netnsPath !== '';
  const plain = {
    network: ownNetwork ? netnsPath : undefined,
    newIpc: true,
    newUts: ownNetwork,
    hostName: ownNetwork ? textOrNone(request.hostname) : undefined,
    settings: [],
  };
  if (options === undefined || lastSegment(options.typeUrl) !== podSandboxConfig) return plain;
  const { hostname, linux } = PodSandboxConfig.decode(options.value);
  const namespaces = linux?.securityContext?.namespaceOptions;
  if ((namespaces?.pid ?? mode.pod) === mode.pod) throw needsProcess('process');
  if (namespaces?.usernsOptions !== undefined && namespaces.usernsOptions.mode === mode.pod) {
    throw needsProcess('user');
  }
  const own = {
    ...plain,
    newIpc: namespaces?.ipc !== mode.node,
    hostName: ownNetwork ? textOrNone(hostname) : undefined,
  };
  return { ...own, settings: kernelSettings(linux?.sysctls ?? {}, own) };
}

function textOrNone(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function needsProcess(kind: string): Error {
  return unimplemented(
    `a pod that shares a ${kind} namespace needs a pause container (sandboxer "podsandbox")`,
  );
}
