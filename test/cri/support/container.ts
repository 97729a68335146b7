import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntil } from '../../support/waiting.ts';
import { IMAGE } from './daemon.ts';
import type { ContainerStats, ContainerStatus } from './messages.ts';
import type { Pod } from './pod.ts';

export interface ContainerOptions {
  readonly tty?: boolean;
  /** Bytes. */
  readonly memoryLimit?: number;
}

export interface ExecResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export interface LogLine {
  readonly stream: string;
  /** F: a line to its end; P: a part of one. */
  readonly tag: string;
  readonly text: string;
}

/** A container of a pod. */
export class PodContainer {
  readonly id: string;
  readonly pod: Pod;
  readonly logPath: string;

  private constructor(pod: Pod, id: string, logPath: string) {
    this.pod = pod;
    this.id = id;
    this.logPath = logPath;
  }

  static async create(
    pod: Pod,
    command: readonly string[],
    { tty = false, memoryLimit = 0 }: ContainerOptions = {},
  ): Promise<PodContainer> {
    const name = pod.daemon.containerd.newId('container');
    const logPath = `${name}.log`;
    const { containerId } = await pod.daemon.client.call('CreateContainer', {
      podSandboxId: pod.id,
      config: {
        metadata: { name },
        image: { image: IMAGE },
        command,
        logPath,
        tty,
        linux: {
          resources: { memoryLimitInBytes: memoryLimit },
          securityContext: { namespaceOptions: pod.namespaceOptions },
        },
      },
      sandboxConfig: pod.config,
    });
    pod.daemon.remember(containerId);
    return new PodContainer(pod, containerId, join(pod.config.logDirectory, logPath));
  }

  async start(): Promise<void> {
    await this.#client.call('StartContainer', { containerId: this.id });
  }

  async status(): Promise<ContainerStatus> {
    return (await this.#status()).status;
  }

  /** The pid of its first process. */
  async pid(): Promise<number> {
    const { pid } = JSON.parse((await this.#status()).info.info ?? '{}') as { pid?: number };
    return pid ?? 0;
  }

  /** Waits for its end and returns how it was. */
  async end(): Promise<ContainerStatus> {
    return waitUntil('the container ends', async () => {
      const status = await this.status();
      return status.state === 'CONTAINER_EXITED' ? status : undefined;
    });
  }

  /** ExecSync. `timeout` is in seconds; 0 is none. */
  async exec(command: readonly string[], timeout = 0): Promise<ExecResult> {
    const request = { containerId: this.id, cmd: command, timeout };
    const { stdout, stderr, exitCode } = await this.#client.call('ExecSync', request);
    return { stdout: decode(stdout), stderr: decode(stderr), exitCode };
  }

  /** `timeout`: the seconds between the gentle signal and SIGKILL. */
  async stop(timeout: number): Promise<void> {
    await this.#client.call('StopContainer', { containerId: this.id, timeout });
  }

  async remove(): Promise<void> {
    await this.#client.call('RemoveContainer', { containerId: this.id });
  }

  async stats(): Promise<ContainerStats> {
    return (await this.#client.call('ContainerStats', { containerId: this.id })).stats;
  }

  async updateMemoryLimit(bytes: number): Promise<void> {
    const linux = { memoryLimitInBytes: bytes };
    await this.#client.call('UpdateContainerResources', { containerId: this.id, linux });
  }

  /** The lines of the log file: TIME STREAM TAG TEXT. */
  log(): LogLine[] {
    const text = readFileSync(this.logPath, 'utf8');
    return text.split('\n').flatMap((line) => {
      const match = /^\S+ (\S+) (\S+) (.*)$/.exec(line);
      return match === null
        ? []
        : [{ stream: match[1] ?? '', tag: match[2] ?? '', text: match[3] ?? '' }];
    });
  }

  /** Waits for a line of the log. */
  async waitForLog(text: string): Promise<void> {
    await waitUntil(`log has ${text}`, () => this.log().some((line) => line.text === text));
  }

  /** Waits until the log has so many lines. */
  async waitForLogLength(lines: number): Promise<void> {
    await waitUntil(`log has ${lines} lines`, () => this.log().length >= lines);
  }

  get #client() {
    return this.pod.daemon.client;
  }

  #status() {
    return this.#client.call('ContainerStatus', { containerId: this.id, verbose: true });
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
