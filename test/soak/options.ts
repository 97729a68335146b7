import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { shimBinary } from '../support/paths.ts';

export interface SoakOptions {
  readonly shim: string;
  /** Names of phases; none: all of them. */
  readonly only: readonly string[];
  /** What the full counts are multiplied with. */
  readonly scale: number;
  /** How long the daemon is away in the phase `outbox`. */
  readonly awayMilliseconds: number;
  readonly output: string;
}

export const USAGE = `npm run soak -- [--scale NUMBER] [--only PHASE]... [--shim PATH] [--away SECONDS] [--output DIRECTORY]

  --scale NUMBER      part of the full counts, above 0 and up to 1; default 1
  --only PHASE        only this phase; may be given more than once
  --shim PATH         another shim; default dist/containerd-shim-podshim-v1
  --away SECONDS      how long the daemon takes no events in the phase outbox; default 600 times the scale
  --output DIRECTORY  where soak.json, memory.svg and descriptors.svg go; default build/soak`;

const AWAY_SECONDS = 600;

/** @throws Error for the person at the terminal */
export function readOptions(args: readonly string[], phases: readonly string[]): SoakOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      shim: { type: 'string', default: shimBinary },
      only: { type: 'string', multiple: true, default: [] },
      scale: { type: 'string', default: '1' },
      away: { type: 'string' },
      output: { type: 'string', default: 'build/soak' },
    },
  });
  const scale = Number(values.scale);
  if (!(scale > 0 && scale <= 1)) throw new Error(`--scale ${values.scale}\n\n${USAGE}`);
  const away = values.away === undefined ? AWAY_SECONDS * scale : Number(values.away);
  if (!(away >= 0)) throw new Error(`--away ${values.away}\n\n${USAGE}`);
  const unknown = values.only.find((name) => !phases.includes(name));
  if (unknown !== undefined) {
    throw new Error(`no phase is called ${unknown}; there are ${phases.join(', ')}\n\n${USAGE}`);
  }
  if (!existsSync(values.shim)) throw new Error(`there is no shim at ${values.shim}`);
  return {
    shim: resolve(values.shim),
    only: values.only,
    scale,
    awayMilliseconds: away * 1000,
    output: resolve(values.output),
  };
}
