import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Containerd, runtimeUnderTest } from '../../support/containerd.ts';
import { writeImage } from '../../support/image.ts';
import { stopOnInterruption } from '../../support/interruption.ts';
import { waitUntil } from '../../support/waiting.ts';
import { CriClient } from './client.ts';
import { criConfiguration, type Handler } from './configuration.ts';
import { peerUnderTest } from './peer.ts';

export const IMAGE = 'docker.io/library/podshim-test:latest';
const PAUSE_IMAGE = 'docker.io/library/podshim-pause:latest';
const PAUSE = ['/bin/sleep', '1000000'];

/** The name of the handler that pods use which ask for no other. */
const DEFAULT_HANDLER = 'tested';
const NAMESPACE = 'k8s.io';
const SOCKET_DIRECTORY = '/run/containerd/s';
const RUNTIME_STATE = join('/run/containerd/runc', NAMESPACE);

/** True where the tests are checked against the Go shim. */
export const isGoShim = runtimeUnderTest !== 'io.containerd.podshim.v1';

/** A containerd of our own with the CRI, whose runtime handlers lead to the shim under test. */
export class CriDaemon {
  readonly containerd: Containerd;
  /** Such as 1.7. */
  version = 0;
  readonly #ids = new Set<string>();
  readonly #forget: () => void;
  #client: CriClient;
  #lastPod = 0;

  private constructor(
    handlers: (directory: string) => readonly Handler[],
    more: (directory: string) => string,
  ) {
    const peer = peerUnderTest();
    this.containerd = Containerd.prepare(peer);
    const { directory } = this.containerd;
    const cniDirectory = join(directory, 'cni');
    mkdirSync(cniDirectory);
    const tested = {
      name: DEFAULT_HANDLER,
      type: runtimeUnderTest,
      options: { SystemdCgroup: false },
    };
    const cri = criConfiguration({
      version: peer.configVersion,
      pauseImage: PAUSE_IMAGE,
      cniDirectory,
      handlers: [tested, ...handlers(directory)],
    });
    this.containerd.replaceBy({ ...peer, cri: `${cri}\n${more(directory)}` });
    this.#client = new CriClient(this.containerd.address);
    this.#forget = stopOnInterruption(() => this.stop());
  }

  /**
   * Starts a daemon and gives it the images.
   * @param handlers more of them, from the daemon's directory
   * @param more tables to be appended to the configuration
   */
  static async start(
    handlers: (directory: string) => readonly Handler[] = () => [],
    more: (directory: string) => string = () => '',
  ): Promise<CriDaemon> {
    const daemon = new CriDaemon(handlers, more);
    try {
      await daemon.#launch();
      await daemon.#importImage(IMAGE, ['/bin/sh']);
      await daemon.#importImage(PAUSE_IMAGE, PAUSE);
    } catch (error) {
      await daemon.stop();
      throw error;
    }
    return daemon;
  }

  get client(): CriClient {
    return this.#client;
  }

  /** A name that no other pod has. */
  newPodName(): string {
    this.#lastPod += 1;
    return `pod-${this.#lastPod}`;
  }

  /** A pod or container whose traces are looked for when all is removed. */
  remember(id: string): void {
    this.#ids.add(id);
  }

  /** The socket of the shim that serves a pod. */
  shimSocket(pod: string): string {
    const identity = `${this.containerd.address}/${NAMESPACE}/${pod}`;
    return join(SOCKET_DIRECTORY, createHash('sha256').update(identity).digest('hex'));
  }

  /** kill -9 of containerd; `work` is done before the next one starts. */
  async restart(work: () => Promise<void> = async () => {}): Promise<void> {
    this.#client.close();
    await this.containerd.killDaemon();
    await work();
    this.#client = new CriClient(this.containerd.address);
    await this.#launch();
  }

  /** What is left though every pod was removed. Empty when all is well. */
  async leftovers(): Promise<string[]> {
    const look = (): string[] => [
      ...[...this.#ids].map((id) => this.shimSocket(id)).filter((path) => existsSync(path)),
      ...entries(this.#bundles),
      ...[...this.#ids].map((id) => join(RUNTIME_STATE, id)).filter((path) => existsSync(path)),
    ];
    await waitUntil('nothing is left', () => look().length === 0, 5_000).catch(() => {});
    return [...look(), ...(await this.containerd.leftovers())];
  }

  /** Ends the daemon and everything it led to. */
  async stop(): Promise<void> {
    this.#client.close();
    await this.containerd.stop();
    for (const id of this.#ids) {
      rmSync(this.shimSocket(id), { force: true });
      rmSync(join(RUNTIME_STATE, id), { recursive: true, force: true });
    }
    this.#forget();
  }

  get #bundles(): string {
    return join(this.containerd.directory, 'state/io.containerd.runtime.v2.task', NAMESPACE);
  }

  async #launch(): Promise<void> {
    await this.containerd.launch();
    const { runtimeVersion } = await waitUntil('the CRI answers', () =>
      this.#client.call('Version', {}).catch(() => undefined),
    );
    this.version = Number(/\d+\.\d+/.exec(runtimeVersion)?.[0]);
  }

  async #importImage(name: string, command: readonly string[]): Promise<void> {
    const archive = join(this.containerd.directory, 'image.tar');
    writeImage(this.containerd.rootfs, name, archive, command);
    await this.containerd.ctrWell('-n', NAMESPACE, 'images', 'import', archive);
    rmSync(archive);
    await waitUntil(`the CRI knows ${name}`, async () => {
      const { image } = await this.#client.call('ImageStatus', { image: { image: name } });
      return image !== null;
    });
  }
}

function entries(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory).map((name) => join(directory, name)) : [];
}
