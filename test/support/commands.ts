import { type ChildProcess, spawn } from 'node:child_process';

/** How a command ended and what it printed. */
export interface CommandResult {
  readonly status: number | undefined;
  readonly signal: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** Written to standard input, which is then closed. Without it standard input is /dev/null. */
  readonly input?: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly directory?: string;
  /** The command is killed and the call rejects after this long. */
  readonly limitMilliseconds?: number;
}

const DEFAULT_LIMIT_MILLISECONDS = 60_000;

/** Runs a command to its end. Rejects only when it cannot be started or exceeds its limit. */
export function runCommand(
  path: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new RunningCommand(path, args, options).finished;
}

/** Runs a command that has to end with 0, and returns its standard output. */
export async function runWell(
  path: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const result = await runCommand(path, args, options);
  if (result.status !== 0) {
    const how = result.signal ?? result.status;
    throw new Error(`${path} ${args.join(' ')} ended with ${how}: ${result.stderr}`);
  }
  return result.stdout;
}

/** A command under way, whose output can be awaited piece by piece. */
export class RunningCommand {
  readonly finished: Promise<CommandResult>;
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();
  #stdout = '';
  #stderr = '';
  #ended = false;

  constructor(
    path: string,
    args: readonly string[],
    options: CommandOptions & { interactive?: boolean } = {},
  ) {
    const { input, interactive = false, limitMilliseconds = DEFAULT_LIMIT_MILLISECONDS } = options;
    const child = spawn(path, args, {
      cwd: options.directory,
      env: options.environment ?? process.env,
      stdio: [interactive || input !== undefined ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#changed();
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#changed();
    });
    // A command that ends without reading its input is no error of the test.
    child.stdin?.on('error', () => {});
    if (input !== undefined) child.stdin?.end(input);
    this.finished = new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        child.kill('SIGKILL');
        reject(
          new Error(
            `${path} ${args.join(' ')}: no end after ${limitMilliseconds} ms\n${this.output}`,
          ),
        );
      }, limitMilliseconds);
      child.on('error', (error) => {
        clearTimeout(limit);
        reject(error);
      });
      child.on('close', (status, signal) => {
        clearTimeout(limit);
        this.#ended = true;
        this.#changed();
        resolve({
          status: status ?? undefined,
          signal: signal ?? undefined,
          stdout: this.#stdout,
          stderr: this.#stderr,
        });
      });
    });
    // The one who awaits `finished` sees the rejection; nobody has to.
    this.finished.catch(() => {});
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Everything printed so far, standard output first. */
  get output(): string {
    return this.#stdout + this.#stderr;
  }

  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  closeInput(): void {
    this.#child.stdin?.end();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves with the whole output once it matches; rejects when the command ends or time is up before it does. */
  waitForOutput(pattern: RegExp, limitMilliseconds = 30_000): Promise<string> {
    return new Promise((resolve, reject) => {
      const settle = (work: () => void) => {
        clearTimeout(limit);
        this.#watchers.delete(look);
        work();
      };
      const look = () => {
        if (pattern.test(this.output)) {
          settle(() => resolve(this.output));
        } else if (this.#ended) {
          settle(() => reject(new Error(`ended without printing ${pattern}: ${this.output}`)));
        }
      };
      const limit = setTimeout(
        () => settle(() => reject(new Error(`${pattern} not printed in time: ${this.output}`))),
        limitMilliseconds,
      );
      this.#watchers.add(look);
      look();
    });
  }

  #changed(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}
