import assert from 'node:assert/strict';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  type CreateTaskRequest,
  DeleteResponse,
  type MessageInput,
} from '../../src/proto/messages.ts';
import type { Fifos } from '../support/fifos.ts';
import { ociSpec } from '../support/ociSpec.ts';
import { busyboxRootfs } from '../support/rootfs.ts';
import type { ShimClient } from '../support/shimClient.ts';
import { ShimPod } from '../support/shimPod.ts';
import { runShim } from '../support/shimRun.ts';
import { readStartAnswer } from '../support/startAnswer.ts';
import { Gates } from './gates.ts';

/** A helper of the shim that ended with another status than 0. */
export class HelperError extends Error {}

/** A container to be: its bundle and what is asked of Create. */
export interface Plan {
  readonly id: string;
  readonly args: readonly string[];
  readonly bundle: string;
  /** Without gates: the shim does without the runtime what it can do itself. */
  readonly direct?: boolean;
  readonly terminal?: boolean;
  readonly request?: MessageInput<CreateTaskRequest>;
}

/**
 * What a daemon does around the calls: it makes bundles, runs `start` in each, has the shim mount the root file system,
 * and when a container is over, or its shim, it runs `delete` and removes the bundle.
 */
export class DaemonPart {
  readonly pod: ShimPod;
  readonly gates: Gates;
  /** Where containers say what has really happened; /tmp/facts inside of them. */
  readonly facts: string;
  /** The TMPDIR of all helpers and, by them, of the server. */
  readonly temporary: string;

  readonly #held: number[] = [];

  private constructor(pod: ShimPod) {
    this.pod = pod;
    this.gates = new Gates(join(pod.sandbox.directory, 'gates'));
    this.facts = join(pod.sandbox.directory, 'facts');
    this.temporary = join(pod.sandbox.directory, 'tmp');
    mkdirSync(this.facts);
  }

  /** @param opened is given how to end it all before anything runs */
  static async begin(opened: (close: () => Promise<void>) => void): Promise<DaemonPart> {
    const closers: (() => unknown)[] = [];
    const close = async (): Promise<void> => {
      for (const closer of closers.reverse()) await closer();
    };
    opened(close);
    const environment: Record<string, string> = {};
    const pod = await ShimPod.start({
      opened: (made) => {
        closers.push(() => made.close());
        environment.TMPDIR = join(made.sandbox.directory, 'tmp');
        mkdirSync(environment.TMPDIR);
      },
      log: 'read',
      environment,
    });
    const part = new DaemonPart(pod);
    closers.push(() => part.#close());
    return part;
  }

  /** FIFOs whose other ends are open, so that a shim may open and close them as often as it likes. Nobody reads them. */
  openFifos(name: string): Fifos {
    const fifos = this.pod.fifos(name);
    for (const path of Object.values(fifos)) {
      this.#held.push(openSync(path, constants.O_RDWR | constants.O_NONBLOCK));
    }
    return fifos;
  }

  /** Makes a bundle of the pod's group. */
  makeBundle({ id, args, bundle, direct, terminal }: Plan): void {
    mkdirSync(bundle, { mode: 0o700 });
    const spec = ociSpec({
      args,
      terminal: terminal ?? false,
      cgroup: this.pod.cgroupOf(id),
      binds: { '/tmp/facts': this.facts },
      annotations: { 'io.containerd.runc.v2.group': 'pod' },
      root: 'rootfs',
    });
    const hooks = direct === true ? {} : { hooks: this.gates.hooksOf(id) };
    writeFileSync(join(bundle, 'config.json'), JSON.stringify({ ...spec, ...hooks }));
  }

  /** `start`, which finds the pod's server, and Create. @throws HelperError when `start` fails */
  async create(
    { id, bundle, direct, terminal = false, request }: Plan,
    client: ShimClient,
  ): Promise<number> {
    const { sandbox, socket } = this.pod;
    const result = await this.#helper(bundle, [...sandbox.flags(id), 'start']);
    if (result.status !== 0) throw new HelperError(`\`start\`: ${result.stderr}`);
    assert.equal(readStartAnswer(result.stdout).address, `unix://${socket}`);
    const source = busyboxRootfs();
    const rootfs = [{ type: 'bind', source, target: '', options: ['rbind', 'ro'] }];
    const binaryName = direct === true ? '' : this.gates.runtime;
    const options = this.pod.options({ binaryName });
    return (await client.create({ id, bundle, options, rootfs, terminal, ...request })).pid;
  }

  /** `delete`. Warnings are allowed, failure is not. */
  async runDelete(id: string, bundle: string): Promise<DeleteResponse> {
    const words = [...this.pod.sandbox.flags(id), '-bundle', bundle, 'delete'];
    const result = await this.#helper(bundle, words);
    assert.equal(result.status, 0, `\`delete\` of ${id}: ${result.stderr}`);
    return DeleteResponse.decode(result.stdout);
  }

  /** `delete`, and the removal of the bundle as far as that can be done without unmounting anything. */
  async removeBundle(id: string, bundle: string): Promise<void> {
    if (!existsSync(bundle)) return;
    await this.runDelete(id, bundle);
    rmSync(bundle, { recursive: true });
  }

  #helper(directory: string, words: readonly string[]) {
    const { events } = this.pod;
    const environment = { TTRPC_ADDRESS: events.path, TMPDIR: this.temporary };
    return runShim({ directory, words, environment });
  }

  #close(): void {
    this.gates.close();
    for (const descriptor of this.#held.splice(0)) closeSync(descriptor);
  }
}
