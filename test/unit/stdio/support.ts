import assert from 'node:assert/strict';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { silentLogger } from '../../../src/platform/log.ts';
import { SIGNALS } from '../../../src/posix/constants.ts';
import { closeFile, makePipe, setNonBlocking } from '../../../src/posix/files.ts';
import { makeFifo } from '../../../src/posix/paths.ts';
import { startMovement, watchReadable } from '../../../src/posix/poller.ts';
import type { Command } from '../../../src/reaper/command.ts';
import { Reaper } from '../../../src/reaper/reaper.ts';
import { openStdio, type StdioOptions } from '../../../src/stdio/openStdio.ts';
import type { ProcessStdio } from '../../../src/stdio/processStdio.ts';

export const reaper = new Reaper();

/** Installs what the tests of one file share, and starts the poller, so that its descriptors are in every count. */
export const useReaper = (): void => {
  let keepAlive: ReturnType<typeof setInterval> | undefined;
  before(async () => {
    reaper.install();
    // Neither the poller nor SIGCHLD keeps a runtime alive.
    keepAlive = setInterval(() => {}, 1_000);
    await warmUp();
  });
  after(() => {
    clearInterval(keepAlive);
    reaper.uninstall();
  });
};

const warmUp = async (): Promise<void> => {
  const [reader, writer] = makePipe();
  const [nextReader, nextWriter] = makePipe();
  for (const descriptor of [reader, nextWriter]) setNonBlocking(descriptor, true);
  watchReadable(reader, () => {}).cancel();
  closeFile(writer);
  await new Promise<void>((resolve) => {
    startMovement({ source: reader, destination: nextWriter, terminal: false }, () => resolve());
  });
  for (const descriptor of [reader, nextReader, nextWriter]) closeFile(descriptor);
};

/** What one test works with: a directory of its own, children that do not outlive it. */
export class Workspace {
  readonly directory = mkdtempSync(join(tmpdir(), 'podshim-stdio-'));
  readonly #commands: Command[] = [];
  readonly #stdios: ProcessStdio[] = [];

  path(name: string): string {
    return join(this.directory, name);
  }

  fifo(name: string): string {
    const path = this.path(name);
    makeFifo(path, 0o600);
    return path;
  }

  script(name: string, text: string): string {
    const path = this.path(name);
    writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return path;
  }

  text(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  /** A shell in the workspace's directory; -1 is /dev/null. */
  shell(script: string, descriptors: readonly number[] = [-1, -1, 2]): Command {
    return this.start('/bin/sh', ['sh', '-c', script], descriptors);
  }

  start(path: string, argv: readonly string[], descriptors: readonly number[]): Command {
    const command = reaper.start({
      path,
      argv,
      environment: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'TERM=dumb'],
      directory: this.directory,
      descriptors,
      killWithParent: true,
      newProcessGroup: false,
      openFiles: undefined,
    });
    this.#commands.push(command);
    return command;
  }

  async open(
    paths: Partial<StdioOptions['paths']>,
    options: Partial<Omit<StdioOptions, 'paths'>> = {},
  ): Promise<ProcessStdio> {
    const stdio = await openStdio({
      ioUid: 0,
      ioGid: 0,
      containerId: 'c1',
      namespace: 'ns',
      reaper,
      logger: silentLogger,
      ...options,
      paths: { stdin: '', stdout: '', stderr: '', terminal: false, ...paths },
    });
    this.#stdios.push(stdio);
    return stdio;
  }

  /** Runs a shell on pipes as a runtime would, and attaches. */
  async run(stdio: ProcessStdio, script: string): Promise<Command> {
    const command = this.shell(script, descriptorsOf(stdio));
    await stdio.attach();
    return command;
  }

  async dispose(): Promise<void> {
    for (const stdio of this.#stdios) stdio.close();
    for (const command of this.#commands) command.kill(SIGNALS.SIGKILL);
    for (const command of this.#commands) await command.wait();
    for (const stdio of this.#stdios) await stdio.settled();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export const descriptorsOf = (stdio: ProcessStdio): readonly number[] => {
  assert.ok('descriptors' in stdio.forRuntime);
  return stdio.forRuntime.descriptors;
};

/** A test with a workspace that must leave as many descriptors open as it found. */
export const stdioTest = (
  name: string,
  body: (workspace: Workspace) => Promise<void>,
  timeout = 60_000,
): void => {
  test(name, { timeout }, async () => {
    const found = openDescriptors();
    const workspace = new Workspace();
    try {
      await body(workspace);
    } finally {
      await workspace.dispose();
    }
    assert.deepEqual(openDescriptors(), found, 'descriptors left open');
  });
};

export const openDescriptors = (): readonly string[] => {
  const entries = readdirSync('/proc/self/fd').map((name) => {
    try {
      return `${name} ${readlinkSync(`/proc/self/fd/${name}`)}`;
    } catch {
      return ''; // the directory just read
    }
  });
  return entries.filter((entry) => entry !== '').sort();
};

/** How many descriptors of this process show the path, or begin with `pipe:`. */
export const countDescriptors = (target: string): number =>
  openDescriptors().filter((entry) => entry.includes(` ${target}`)).length;

/** Waits for a state that no event announces. */
export const eventually = async (what: string, holds: () => boolean): Promise<void> => {
  const deadline = performance.now() + 20_000;
  while (!holds()) {
    assert.ok(performance.now() < deadline, `never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

/** Something to cancel with. */
export class TestCancellation {
  readonly #listeners = new Set<(reason: Error) => void>();
  cancelled = false;

  get listeners(): number {
    return this.#listeners.size;
  }

  onCancel(listener: (reason: Error) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  cancel(reason: Error): void {
    this.cancelled = true;
    for (const listener of [...this.#listeners]) listener(reason);
  }
}
