import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntil } from '../../support/waiting.ts';
import { type ContainerOptions, PodContainer } from './container.ts';
import type { CriDaemon } from './daemon.ts';
import type { NamespaceMode, NamespaceOptions, PodConfig, PodState } from './messages.ts';

export interface PodOptions {
  /** The runtime handler; the default one without. */
  readonly handler?: string;
  /** POD: all containers share the pause container's process namespace. */
  readonly processNamespace?: NamespaceMode;
}

/** A pod on the host's network. */
export class Pod {
  readonly id: string;
  readonly daemon: CriDaemon;
  readonly config: PodConfig;

  private constructor(daemon: CriDaemon, id: string, config: PodConfig) {
    this.daemon = daemon;
    this.id = id;
    this.config = config;
  }

  static async run(daemon: CriDaemon, options: PodOptions = {}): Promise<Pod> {
    const { handler = '', processNamespace = 'CONTAINER' } = options;
    const name = daemon.newPodName();
    const logDirectory = join(daemon.containerd.directory, 'logs', name);
    mkdirSync(logDirectory, { recursive: true });
    const namespaceOptions = { network: 'NODE', pid: processNamespace, ipc: 'POD' } as const;
    const config: PodConfig = {
      metadata: { name, uid: `${daemon.containerd.namespace}-${name}`, namespace: 'default' },
      logDirectory,
      linux: {
        cgroupParent: `/${daemon.containerd.namespace}`,
        securityContext: { namespaceOptions },
      },
    };
    const { podSandboxId } = await daemon.client.call('RunPodSandbox', {
      config,
      runtimeHandler: handler,
    });
    daemon.remember(podSandboxId);
    return new Pod(daemon, podSandboxId, config);
  }

  get namespaceOptions(): NamespaceOptions {
    return this.config.linux.securityContext.namespaceOptions;
  }

  /** Creates a container and starts it. */
  async start(command: readonly string[], options: ContainerOptions = {}): Promise<PodContainer> {
    const container = await PodContainer.create(this, command, options);
    await container.start();
    return container;
  }

  async state(): Promise<PodState> {
    return (await this.#status()).status.state;
  }

  async waitForState(state: PodState): Promise<void> {
    await waitUntil(`pod is ${state}`, async () => (await this.state()) === state);
  }

  /** The pid of the pause container. */
  async pid(): Promise<number> {
    const { pid } = JSON.parse((await this.#status()).info.info ?? '{}') as { pid?: number };
    return pid ?? 0;
  }

  async stop(): Promise<void> {
    await this.daemon.client.call('StopPodSandbox', { podSandboxId: this.id });
  }

  async remove(): Promise<void> {
    await this.daemon.client.call('RemovePodSandbox', { podSandboxId: this.id });
  }

  #status() {
    return this.daemon.client.call('PodSandboxStatus', { podSandboxId: this.id, verbose: true });
  }
}
