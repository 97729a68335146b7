import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Containerd } from '../../test/support/containerd.ts';
import { waitUntil } from '../../test/support/waiting.ts';
import type { Contender } from './contender.ts';
import { DaemonClient } from './daemonClient.ts';
import type { OciRuntime } from './ociRuntime.ts';
import type { RowContext } from './rowContext.ts';

/** One containerd for both shims. */
export class Daemon {
  readonly containerd: Containerd;
  readonly client: DaemonClient;

  private constructor(containerd: Containerd, client: DaemonClient) {
    this.containerd = containerd;
    this.client = client;
  }

  /** Starts it, and makes sure that each contender's containers get that contender's shim. */
  static async start(context: RowContext, runtime: OciRuntime): Promise<Daemon> {
    const mountNamespace = await context.mountNamespace(runtime);
    const containerd = Containerd.prepare({
      searchPath: [runtime.directory],
      ...(mountNamespace === undefined ? {} : { mountNamespace }),
    });
    context.atEnd(() => containerd.stop());
    await containerd.launch();
    const client = new DaemonClient(containerd.address, containerd.namespace);
    context.atEnd(() => client.close());
    const daemon = new Daemon(containerd, client);
    await daemon.#waitForEvents();
    for (const contender of context.contenders) await daemon.#check(contender);
    return daemon;
  }

  /** The words after `ctr`'s own for a container of a contender. */
  runWords(contender: Contender, id: string, command: readonly string[], ...flags: string[]) {
    const runtime = ['--runtime', contender.shim.path, ...this.containerd.fifoFlags()];
    return this.ctrWords(
      'run',
      ...runtime,
      ...flags,
      '--rootfs',
      this.containerd.rootfs,
      id,
      ...command,
    );
  }

  /** A command line of `ctr` for this daemon. */
  ctrWords(...words: readonly string[]): string[] {
    const { address, namespace, ctrPath } = this.containerd;
    return [ctrPath, '-a', address, '-n', namespace, ...words];
  }

  /** Makes a container, whose task can be made as often as one likes. It sleeps. */
  async createContainer(contender: Contender): Promise<string> {
    const id = this.containerd.newId('bench');
    const { rootfs } = this.containerd;
    const runtime = ['--runtime', contender.shim.path];
    const command = ['/bin/sleep', '1000000'];
    await this.containerd.ctrWell(
      'containers',
      'create',
      ...runtime,
      '--rootfs',
      rootfs,
      id,
      ...command,
    );
    return id;
  }

  /** Kills and deletes a task. */
  async removeTask(id: string): Promise<void> {
    const exit = this.client.exitOf(id);
    await this.client.killTask(id);
    await exit;
    await this.client.deleteTask(id);
  }

  /** Waits until no shim is left. */
  async shimsEnd(): Promise<void> {
    await waitUntil('the last shim ends', () => this.containerd.shims().length === 0);
  }

  async #waitForEvents(): Promise<void> {
    let probes = 0;
    await waitUntil('the event stream delivers', async () => {
      probes += 1;
      const name = `${this.containerd.namespace}-probe-${probes}`;
      await this.containerd.ctr('namespaces', 'create', name);
      await this.containerd.ctr('namespaces', 'rm', name);
      return this.client.hasSeenEvents;
    });
  }

  async #check(contender: Contender): Promise<void> {
    const id = await this.createContainer(contender);
    await this.client.createTask(id);
    await this.client.startTask(id);
    const programs = this.containerd
      .shims()
      .map((pid) => readlinkSync(join('/proc', String(pid), 'exe')));
    if (programs.length !== 1 || programs[0] !== contender.shim.path) {
      throw new Error(`${contender.name}: the shim that runs is ${programs.join(', ')}`);
    }
    await this.removeTask(id);
    await this.shimsEnd();
  }
}
