import { OptionsType } from '../../../src/proto/any.ts';
import * as messages from '../../../src/proto/messages.ts';

const runcOptions = messages.RuncOptions.encode({
  ...{ noPivotRoot: true, ioUid: 1000, ioGid: 1000, binaryName: 'runc', root: '/run/r' },
  systemdCgroup: true,
}).finish();

const options = { typeUrl: OptionsType.runc, value: runcOptions };

/** Messages as clients send them, each with most of its fields. */
export const messageSamples: readonly Uint8Array[] = [
  messages.Any.encode(options).finish(),
  messages.CreateTaskRequest.encode({
    id: 'c1',
    bundle: '/b',
    rootfs: [{ type: 'bind', source: '/s', target: '', options: ['rbind', 'ro'] }],
    ...{ terminal: true, stdin: '/i', stdout: '/o', stderr: '/e', options },
  }).finish(),
  messages.ExecProcessRequest.encode({
    ...{ id: 'c1', execId: 'e1', terminal: false, stdout: '/o' },
    spec: { typeUrl: 'x/Process', value: new TextEncoder().encode('{"args":["true"]}') },
  }).finish(),
  messages.TaskExit.encode({
    ...{ containerId: 'c1', id: 'e1', pid: 42, exitStatus: 137 },
    exitedAt: { seconds: 1_800_000_000n, nanos: 123_000_000 },
  }).finish(),
  messages.UpdateTaskRequest.encode({
    id: 'c1',
    resources: { typeUrl: 'x/LinuxResources', value: new TextEncoder().encode('{"cpu":{}}') },
    annotations: { one: 'two', __proto__name: 'three' },
  }).finish(),
  messages.MetricsV2.encode({
    pids: { current: 1n, limit: 0xffff_ffff_ffff_ffffn },
    memory: { usage: 1n << 53n },
  }).finish(),
  messages.RuntimeOptionsV1.encode({
    typeUrl: 'x',
    configBody: new TextEncoder().encode('SystemdCgroup = true\n'),
  }).finish(),
  messages.PodSandboxConfig.encode({
    hostname: 'pod',
    linux: {
      sysctls: { 'net.ipv4.ip_forward': '1' },
      securityContext: { namespaceOptions: { network: 0, pid: 1, ipc: 0 } },
    },
  }).finish(),
].map((bytes) => bytes.slice());
