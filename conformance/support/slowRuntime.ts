import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ShimPod } from '../../test/support/shimPod.ts';

/** A runtime that does something of the shell's before one of runc's commands, or with every command. */
export function wrappedRunc(pod: ShimPod, before: Readonly<Record<string, string>>): string {
  const path = join(pod.sandbox.directory, pod.newId('runtime'));
  const branches = Object.entries(before).map(([command, script]) =>
    command === '' ? `*) ${script} ;;` : `*" ${command} "*) ${script} ;;`,
  );
  const text = `#!/bin/sh\ncase " $* " in\n${branches.join('\n')}\nesac\nexec runc "$@"\n`;
  writeFileSync(path, text, { mode: 0o755 });
  return path;
}
