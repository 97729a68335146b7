import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { RunningCommand } from '../support/commands.ts';

/**
 * Where a step can be stopped: when the runtime has been called, in a hook that runc itself runs while it creates, after
 * it has made the container's state known, in one that it runs at the end of a deletion, and when the runtime is done.
 */
export type GatePoint = 'called' | 'hook' | 'late' | 'done';

/** Waits at a gate that bears the name of point, command and container; tells of it first. */
const WAIT = `wait_at() {
  exec 9<"$1"
  echo "\${1##*/} $$" >"$directory/reached"
  read -r go <&9
  exec 9<&-
}`;

const RUNTIME = `#!/bin/sh
words=" $* "
command=
for word; do
  case $word in create | start | exec | kill | delete) command=$word; break ;; esac
done
${WAIT}
gate_at() {
  for gate in "$directory/$1-$command-"*; do
    [ -p "$gate" ] || continue
    case $words in *" \${gate##*-} "*) return 0 ;; esac
  done
  return 1
}
if gate_at called; then wait_at "$gate"; fi
gate_at done || exec runc "$@"
runc "$@"
status=$?
wait_at "$gate"
exit $status
`;

const HOOK = `#!/bin/sh
gate="$directory/$1"
${WAIT}
[ ! -p "$gate" ] || wait_at "$gate"
`;

/** One place where a runtime stops, once. */
export interface Gate {
  /** Resolves with the pid of whoever waits there: the runtime itself or its hook. */
  reached(): Promise<number>;
  /** Lets whoever waits go on. Without effect when nobody is left. */
  release(): void;
}

/** An OCI runtime, runc, that stops where it is told to. */
export class Gates {
  /** The runtime's path; its name is runc. */
  readonly runtime: string;
  readonly #directory: string;
  readonly #reached: RunningCommand;
  readonly #open = new Set<number>();

  /** @param directory for scripts and FIFOs; made here */
  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory);
    this.runtime = join(directory, 'runc');
    const where = (script: string): string =>
      script.replace('#!/bin/sh\n', `#!/bin/sh\ndirectory='${directory}'\n`);
    // The wrapper is called runc as well: it must not find itself.
    const runc = execFileSync('which', ['runc'], { encoding: 'utf8' }).trim();
    const runtime = where(RUNTIME).replaceAll(/\brunc "\$@"/g, `'${runc}' "$@"`);
    writeFileSync(this.runtime, runtime, { mode: 0o755 });
    writeFileSync(join(directory, 'hook'), where(HOOK), { mode: 0o755 });
    const path = join(directory, 'reached');
    execFileSync('mkfifo', [path]);
    this.#reached = new RunningCommand('sh', ['-c', 'exec cat <> "$0"', path], {
      limitMilliseconds: 600_000,
    });
  }

  /** The hooks of a container's config.json at which it can be stopped. */
  hooksOf(id: string): Readonly<Record<string, unknown>> {
    const hook = (name: string) => [
      { path: '/bin/sh', args: ['sh', join(this.#directory, 'hook'), `${name}-${id}`] },
    ];
    return {
      createRuntime: hook('hook-create'),
      // runc runs it at the end of `create`, against the specification.
      poststart: hook('late-create'),
      poststop: hook('hook-delete'),
    };
  }

  /** Closes one gate. The id must hold no dash. */
  arm(point: GatePoint, command: string, id: string): Gate {
    const name = `${point}-${command}-${id}`;
    const path = join(this.#directory, name);
    execFileSync('mkfifo', [path]);
    // Open for both: whoever comes to the gate finds it open for reading, and letting him go never waits.
    const descriptor = openSync(path, 'r+');
    this.#open.add(descriptor);
    const before = this.#reached.output.length;
    return {
      reached: async () => {
        const pattern = new RegExp(`^[\\s\\S]{${before}}[\\s\\S]*?${name} (\\d+)\\n`);
        const text = await this.#reached.waitForOutput(pattern);
        rmSync(path, { force: true });
        return Number(pattern.exec(text)?.[1]);
      },
      release: () => {
        rmSync(path, { force: true });
        if (!this.#open.delete(descriptor)) return;
        writeSync(descriptor, 'go\n');
        // The line stays in the FIFO as long as the one who waits has it open.
        closeSync(descriptor);
      },
    };
  }

  close(): void {
    for (const descriptor of this.#open) closeSync(descriptor);
    this.#open.clear();
    this.#reached.kill('SIGKILL');
  }
}
