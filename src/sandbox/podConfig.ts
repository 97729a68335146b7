import type { NamespaceRequest } from '../posix/namespaces.ts';
import { type AnyValue, lastSegment } from '../proto/any.ts';
import { PodSandboxConfig } from '../proto/messages.ts';
import { invalidArgument, unimplemented } from '../ttrpc/status.ts';

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
 * @throws StatusError Unimplemented for what takes a process: pid and user namespaces shared by the pod's containers
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
  return {
    ...plain,
    newIpc: namespaces?.ipc !== mode.node,
    hostName: ownNetwork ? textOrNone(hostname) : undefined,
    settings: Object.entries(linux?.sysctls ?? {}).map(([name, value]) => ({
      path: settingPath(name),
      value: value ?? '',
    })),
  };
}

function textOrNone(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function needsProcess(kind: string): Error {
  return unimplemented(
    `a pod that shares a ${kind} namespace needs a pause container (sandboxer "podsandbox")`,
  );
}

/** `net.ipv4.ip_forward`, or with slashes, where a name between them may have dots: sysctl(8) takes both. */
function settingPath(name: string): string {
  const firstSlash = name.indexOf('/');
  const firstDot = name.indexOf('.');
  const slashed = firstSlash >= 0 && (firstDot < 0 || firstSlash < firstDot);
  const path = slashed ? name : name.replace(/[./]/g, (mark) => (mark === '.' ? '/' : '.'));
  if (path.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    throw invalidArgument(`sysctl ${JSON.stringify(name)} is no name of a kernel setting`);
  }
  return `/proc/sys/${path}`;
}
