import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type MessageInput, PodSandboxConfig } from '../../../src/proto/messages.ts';
import { podNamespaces } from '../../../src/sandbox/podConfig.ts';

const ofPod = (
  linux: MessageInput<PodSandboxConfig>['linux'],
  hostname = 'pod',
  netnsPath = '/netns',
) =>
  podNamespaces({
    netnsPath,
    options: {
      typeUrl: PodSandboxConfig.fullName,
      value: PodSandboxConfig.encode({ hostname, linux }).finish(),
    },
    hostname: undefined,
  });
const none = { options: undefined, hostname: undefined };
const ownPid = { namespaceOptions: { pid: 1 } };

describe('the namespaces of a pod', () => {
  test('without a configuration follow the network', () => {
    const own = {
      network: '/netns',
      newIpc: true,
      newUts: true,
      hostName: undefined,
      settings: [],
    };
    assert.deepEqual(podNamespaces({ ...none, netnsPath: '/netns' }), own);
    const other = { typeUrl: 'other', value: new Uint8Array() };
    assert.deepEqual(podNamespaces({ ...none, netnsPath: '/netns', options: other }), own);
    const named = { ...none, hostname: 'named' };
    assert.equal(podNamespaces({ ...named, netnsPath: '/netns' }).hostName, 'named');
    const host = { ...own, network: undefined, newUts: false };
    assert.deepEqual(podNamespaces({ ...named, netnsPath: '' }), host);
  });

  test('are those of the configuration', () => {
    assert.deepEqual(ofPod({ securityContext: ownPid }), {
      network: '/netns',
      newIpc: true,
      newUts: true,
      hostName: 'pod',
      settings: [],
    });
    assert.equal(ofPod({ securityContext: ownPid }, '').hostName, undefined);
    const host = { namespaceOptions: { network: 2, pid: 2, ipc: 2 } };
    assert.deepEqual(ofPod({ securityContext: host }, 'pod', ''), {
      network: undefined,
      newIpc: false,
      newUts: false,
      hostName: undefined,
      settings: [],
    });
  });

  test('need a process when pid or user namespaces are shared', () => {
    const needed = { code: 12, message: /needs a pause container .*: not implemented$/ };
    assert.throws(() => ofPod(undefined), needed);
    assert.throws(() => ofPod({ securityContext: { namespaceOptions: { pid: 0 } } }), needed);
    const users = { namespaceOptions: { pid: 1, usernsOptions: { mode: 0 } } };
    assert.throws(() => ofPod({ securityContext: users }), needed);
    const machine = { namespaceOptions: { pid: 1, usernsOptions: { mode: 2 } } };
    assert.equal(ofPod({ securityContext: machine }).newIpc, true);
  });

  test('have settings by name, with dots or with slashes', () => {
    const settingsOf = (sysctls: Record<string, string>) =>
      ofPod({ securityContext: ownPid, sysctls }).settings;
    assert.deepEqual(settingsOf({ 'net.ipv4.ip_forward': '1' }), [
      { path: '/proc/sys/net/ipv4/ip_forward', value: '1' },
    ]);
    // Interfaces have dots in their names.
    const path = '/proc/sys/net/ipv4/conf/eth0.1/forwarding';
    assert.deepEqual(settingsOf({ 'net/ipv4/conf/eth0.1/forwarding': '1' }), [
      { path, value: '1' },
    ]);
    assert.deepEqual(settingsOf({ 'net.ipv4.conf.eth0/1.forwarding': '1' }), [
      { path, value: '1' },
    ]);
    for (const name of ['kernel.shm_rmid_forced', 'kernel/sem', 'fs.mqueue.msg_max']) {
      assert.equal(settingsOf({ [name]: '1' }).length, 1, name);
    }
    assert.equal(settingsOf({ 'kernel.domainname': 'example.org' }).length, 1);
    assert.throws(() => settingsOf({ 'net.a': '1\0/proc/sys/kernel/core_pattern\0x' }), {
      code: 3,
    });
    for (const name of [
      '',
      'net.a\0b',
      'net//x',
      '../../etc/passwd',
      'net/../../etc',
      '/etc/passwd',
      'a..b',
    ]) {
      assert.throws(() => settingsOf({ [name]: '1' }), { code: 3 }, name);
    }
  });

  test('have no settings but those of their own namespaces, as runc has it', () => {
    const refusal = { code: 3, message: /^sysctl "\S+" is not of a namespace of this pod/ };
    const refused = (name: string, ipc: number, netnsPath: string): void => {
      const securityContext = { namespaceOptions: { pid: 1, ipc } };
      const linux = { securityContext, sysctls: { [name]: '1' } };
      assert.throws(() => ofPod(linux, 'pod', netnsPath), refusal, name);
    };
    // They are the machine's, whatever the pod has: the first is run by the kernel, as root, when a process crashes.
    const ofMachine = [
      'kernel.core_pattern',
      'kernel/core_pattern',
      'kernel.modprobe',
      'vm.swappiness',
    ];
    for (const name of [
      ...ofMachine,
      'fs.suid_dumpable',
      'kernel.hostname',
      'kernel.sem.x',
      'kernel',
    ]) {
      refused(name, 0, '/netns');
    }
    for (const name of ['kernel.sem', 'kernel.shmmax', 'fs.mqueue.msg_max'])
      refused(name, 2, '/netns');
    for (const name of ['net.ipv4.ip_forward', 'net/core/somaxconn', 'kernel.domainname']) {
      refused(name, 0, '');
    }
    for (const path of ['/proc/self/ns/net', `/proc/${process.pid}/ns/net`]) {
      refused('net.ipv4.ip_forward', 0, path);
    }
  });
});
