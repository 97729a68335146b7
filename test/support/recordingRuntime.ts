import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * An OCI runtime that is a script: it notes how it was called and does the least that makes a shim believe it. The
 * container's init is a `sleep` in the bundle, which the shim inherits as it would runc's; closing the ShimPod ends it.
 */
const SCRIPT = `#!/bin/sh
# --root R --log L --log-format json COMMAND ...
directory=$(dirname "$0")
printf '%s\\n' "$*" >> "$directory/calls"
while [ $# -gt 0 ] && [ "$1" != create ] && [ "$1" != restore ] && [ "$1" != kill ] && [ "$1" != update ] &&
  [ "$1" != checkpoint ] && [ "$1" != delete ] && [ "$1" != start ] && [ "$1" != resume ]; do shift; done
command=$1
fail=$directory/fail-$command
case $command in
checkpoint)
  work=$(printf '%s\\n' "$*" | sed 's/.*--work-path \\([^ ]*\\).*/\\1/')
  if [ -f "$fail" ]; then
    mkdir -p "$work"
    echo 'the log of criu' > "$work/dump.log"
    cat "$fail" >&2
    exit 1
  fi
  mkdir -p "$work"
  ;;
create | restore)
  if [ -f "$fail" ]; then
    cat "$fail" >> log.json
    exit 1
  fi
  sleep 1000 < /dev/null > /dev/null 2>&1 &
  printf %s $! > init.pid
  ;;
update) cat > "$directory/resources" ;;
kill) kill -"$3" "$(cat init.pid)" ;;
delete) [ "$2" != --force ] || [ ! -f init.pid ] || kill -9 "$(cat init.pid)" ;;
esac
exit 0
`;

export class RecordingRuntime {
  readonly path: string;
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    this.path = join(directory, 'recording-runtime');
    writeFileSync(this.path, SCRIPT);
    chmodSync(this.path, 0o755);
  }

  /** The words of each call of a command, without what comes before the command. */
  callsOf(command: string): string[] {
    const file = join(this.#directory, 'calls');
    if (!existsSync(file)) return [];
    const calls = readFileSync(file, 'utf8').trim().split('\n');
    return calls
      .map((call) => call.replace(/^.*--log-format json (--criu \S+ )?(--systemd-cgroup )?/, ''))
      .filter((call) => call.startsWith(`${command} `));
  }

  /** What came on the standard input of the last update. */
  get resources(): string {
    return readFileSync(join(this.#directory, 'resources'), 'utf8');
  }

  /** The command fails from now on: checkpoint prints the text, others log it. */
  failOn(command: string, text: string): void {
    writeFileSync(join(this.#directory, `fail-${command}`), text);
  }
}
