import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const LIMIT_MILLISECONDS = 3 * 60_000;

/** What a cell works with while it runs. */
export interface CellContext {
  /** Where the cell keeps what helps to understand a failure. */
  readonly logs: string;
  /** Called in the end whatever happened, the last one first. */
  cleanUp(work: () => unknown): void;
  /** Keeps something that is worth telling, whether the cell passes or not. */
  note(text: string): void;
}

/** One thing to be tried with the peers of a row. Fails by throwing. */
export interface Column {
  readonly name: string;
  run(cell: CellContext): Promise<void>;
}

/** Peers of one version, and what is tried with them. */
export interface Row {
  /** What `--only` names. */
  readonly id: string;
  /** The versions, as the programs tell them. */
  readonly title: string;
  readonly columns: readonly Column[];
}

export interface CellResult {
  readonly row: string;
  readonly column: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly seconds: number;
  /** One line. Empty when it passed. */
  readonly reason: string;
  readonly notes: readonly string[];
  readonly logs: string;
}

/** Thrown by a cell that this machine cannot do, with the reason. */
export class Skipped extends Error {}

/** The clean-up of the cell under way, so that an interrupted matrix leaves nothing behind. */
let underWay: () => Promise<void> = async () => {};
let interrupted = false;

/** Runs one cell to its end, including its clean-up. Never rejects, and never resolves once interrupted. */
export async function runCell(row: Row, column: Column, directory: string): Promise<CellResult> {
  const logs = join(directory, row.id, column.name);
  rmSync(logs, { recursive: true, force: true });
  mkdirSync(logs, { recursive: true });
  const works: (() => unknown)[] = [];
  const notes: string[] = [];
  const errors: unknown[] = [];
  const attempt = async (work: () => unknown): Promise<void> => {
    try {
      await work();
    } catch (error) {
      errors.push(error);
    }
  };
  const cleanUp = async (): Promise<void> => {
    for (let work = works.pop(); work !== undefined; work = works.pop()) await attempt(work);
  };
  underWay = cleanUp;
  const started = performance.now();
  const context: CellContext = {
    logs,
    cleanUp: (work) => works.push(work),
    note: (text) => notes.push(text),
  };
  await attempt(() => withLimit(column.run(context)));
  await cleanUp();
  if (interrupted) return new Promise(() => {});
  const [error] = errors;
  writeFileSync(join(logs, 'errors'), errors.map((each) => `${describe(each)}\n`).join(''));
  return {
    row: row.id,
    column: column.name,
    outcome: error === undefined ? 'passed' : error instanceof Skipped ? 'skipped' : 'failed',
    seconds: Math.round((performance.now() - started) / 100) / 10,
    reason: error === undefined ? '' : oneLine(error),
    notes,
    logs,
  };
}

/** Cleans up after the cell that is under way, and lets no other begin. */
export async function interrupt(): Promise<void> {
  interrupted = true;
  await underWay();
}

async function withLimit(work: Promise<void>): Promise<void> {
  const limit = new AbortController();
  const late = async (): Promise<never> => {
    await sleep(LIMIT_MILLISECONDS, undefined, { signal: limit.signal });
    throw new Error(`not done in ${LIMIT_MILLISECONDS / 1000} s`);
  };
  try {
    await Promise.race([work, late()]);
  } finally {
    limit.abort();
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Assertions put the values on lines of their own. */
function oneLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, ' ').trim().slice(0, 300);
}
