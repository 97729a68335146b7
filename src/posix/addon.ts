import type { Native } from './native.ts';

let loaded: Native | undefined;
let chosenPath: string | undefined;
let lastResort: (() => Iterable<string>) | undefined;

/** Names the addon file. Has to happen before the first use; nothing else is tried then. */
export function setAddonPath(path: string): void {
  chosenPath = path;
}

/** Gives a function that is asked for paths to try, in order, when the addon is in none of the usual places. */
export function setAddonFallback(provide: () => Iterable<string>): void {
  lastResort = provide;
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

/**
 * Directories in which everybody may put a file and nobody may replace another's: there the binary can be ours and
 * what lies beside it somebody else's. In others whoever could plant the addon could replace the binary just as well.
 */
const OPEN_TO_ALL = ['/tmp', '/var/tmp', '/dev/shm'];

/**
 * Where the addon may be, in order. Never anything relative to the working directory: that is a container's bundle.
 * A compiled program has its modules in a virtual directory, so there the place is beside the executable.
 */
function usualPlaces(): string[] {
  const named = process.env.PODSHIM_ADDON;
  if (named !== undefined && named !== '') return [named];
  const module = import.meta.url;
  if (!module.startsWith('file:///') || module.startsWith('file:///$bunfs/')) {
    const directory = directoryOf(process.execPath);
    return OPEN_TO_ALL.includes(directory) ? [] : [`${directory}/podshim.node`];
  }
  const here = directoryOf(decodeURIComponent(module.slice('file://'.length)));
  const source = directoryOf(directoryOf(here));
  return [
    `${here}/podshim.node`,
    `${source}/dist/podshim.node`,
    `${directoryOf(directoryOf(source))}/dist/podshim.node`,
  ];
}

function open(path: string): Native {
  const module = { exports: {} };
  process.dlopen(module, path);
  return module.exports as Native;
}

function load(): Native {
  if (chosenPath !== undefined) return open(chosenPath);
  // No generator: the first one that runs in a process costs a third of a millisecond of every `start`.
  const refusals: string[] = [];
  for (const provide of [usualPlaces, lastResort]) {
    for (const path of provide?.() ?? []) {
      try {
        return open(path);
      } catch (error) {
        refusals.push(error instanceof Error ? error.message : String(error));
      }
    }
  }
  throw new Error(`podshim.node cannot be loaded: ${refusals.join('; ')}`);
}

/** The addon, loaded at the first use. */
export function native(): Native {
  if (loaded === undefined) loaded = load();
  return loaded;
}
