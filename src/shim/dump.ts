import type { Logger } from '../platform/log.ts';
import { reasonOf } from '../platform/reason.ts';
import { platform } from '../platform/runtime.ts';
import { dumpDirectory, writeDumpFile } from './dumpFile.ts';
import {
  childLines,
  descriptorLines,
  kernelRelease,
  memoryLines,
  threadLines,
} from './processState.ts';

/** Lines given to the log at once: with time and level they stay far below a FIFO's 64 KiB. */
const LINES_PER_CHUNK = 100;
const CHUNK_INTERVAL_MILLISECONDS = 20;

/** A part of the dump that its owner writes: containers, calls in flight, queues. */
export interface DumpSection {
  readonly title: string;
  lines(): Iterable<string>;
}

export interface DumperOptions {
  namespace: string;
  id: string;
  version: string;
  logger: Logger;
  sections: readonly DumpSection[];
  /** Where the file goes. Only tests name another place than /run/podshim/dump. */
  directory?: string;
}

/**
 * Tells what this process is doing, to a file and to the log. The file is whole and is there when the call
 * returns; the log gets the lines in chunks and loses those that nobody reads.
 */
export class Dumper {
  readonly #options: DumperOptions;
  readonly #directory: string;
  #forLog: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: DumperOptions) {
    this.#options = options;
    this.#directory = options.directory ?? dumpDirectory();
  }

  /**
   * @param reason why it was asked for: `SIGUSR1`, a watchdog's finding
   * @returns the file's path; undefined when it could not be written, which the log then says
   */
  dump(reason: string): string | undefined {
    return this.take(reason).path;
  }

  /** As `dump`. @returns what it says, too, which is there in any case */
  take(reason: string): { readonly path: string | undefined; readonly text: string } {
    const lines = [...this.#lines(reason)];
    const text = `${lines.join('\n')}\n`;
    const path = this.#writeFile(text);
    if (this.#timer !== undefined) {
      this.#options.logger.info({ path }, 'another dump, not logged: the one before it still is');
      return { path, text };
    }
    this.#forLog.push('=== BEGIN podshim dump ===', ...lines);
    if (path !== undefined) this.#forLog.push(`also in ${path}`);
    this.#forLog.push('=== END podshim dump ===');
    this.#logChunk();
    return { path, text };
  }

  /** Logs at once what is left of the last dump. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const line of this.#forLog.splice(0)) this.#options.logger.info({}, line);
  }

  #writeFile(text: string): string | undefined {
    const { namespace, id, logger } = this.#options;
    try {
      return writeDumpFile(this.#directory, { namespace, id, pid: process.pid }, text);
    } catch (error) {
      logger.error({ error }, 'dump not written to a file');
      return undefined;
    }
  }

  #logChunk(): void {
    for (const line of this.#forLog.splice(0, LINES_PER_CHUNK)) this.#options.logger.info({}, line);
    this.#timer =
      this.#forLog.length === 0
        ? undefined
        : setTimeout(() => this.#logChunk(), CHUNK_INTERVAL_MILLISECONDS);
  }

  *#lines(reason: string): Generator<string> {
    const { namespace, id, version } = this.#options;
    yield `${new Date().toISOString()} ${reason}`;
    yield `namespace ${namespace}, id ${id}, pid ${process.pid}, up ${(performance.now() / 1000).toFixed(3)} s`;
    yield `podshim ${version}, ${platform.name} ${platform.version()}, ${process.arch}, Linux ${kernelRelease()}`;
    yield `command ${JSON.stringify(process.argv)}`;
    for (const section of [...this.#options.sections, ...OWN_SECTIONS]) {
      yield '';
      yield `--- ${section.title} ---`;
      yield* linesOf(section);
    }
  }
}

const OWN_SECTIONS: readonly DumpSection[] = [
  { title: 'children', lines: childLines },
  { title: 'JavaScript stack', lines: stackLines },
  { title: 'threads', lines: threadLines },
  { title: 'descriptors', lines: descriptorLines },
  { title: 'memory', lines: memoryLines },
];

/** All but tabs and newlines. Error texts quote what a runtime or an image says, and a dump is shown on terminals. */
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** A dump is asked for when something is wrong: one section that fails must not cost the others. */
function* linesOf(section: DumpSection): Generator<string> {
  try {
    for (const text of section.lines()) yield* text.replace(CONTROL, '?').split('\n');
  } catch (error) {
    yield `failed: ${reasonOf(error).replace(CONTROL, '?')}`;
  }
}

function stackLines(): string[] {
  return (new Error('dump').stack ?? '').split('\n').slice(1);
}
