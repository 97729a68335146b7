import { writeFileSync } from 'node:fs';
import { type Budget, type FuzzFailure, type FuzzResult, fuzz } from './fuzz.ts';
import { readOptions } from './options.ts';
import { HangWatch } from './support/hangWatch.ts';
import type { FuzzSession, FuzzTarget } from './target.ts';
import { fileTargets } from './targets/files.ts';
import { helperTargets } from './targets/helpers.ts';
import { protocolTargets } from './targets/protocol.ts';
import { serverTarget } from './targets/server.ts';

const PARSERS: readonly FuzzTarget[] = [...protocolTargets, ...fileTargets];
const TARGETS = [...PARSERS, ...helperTargets, serverTarget];
const SHOWN_BYTES = 400;

/**
 * Feeds each target with spoiled input.
 * @returns the exit status: 1 when something was found
 */
export async function main(args: readonly string[]): Promise<number> {
  const names = TARGETS.map(({ name }) => name);
  const options = readOptions(args, names);
  const { only, seed, runs, seconds } = options;
  // A connection that a target breaks leaves calls behind.
  process.on('unhandledRejection', () => {});
  console.log(`seed ${seed}`);
  const wanted = TARGETS.filter(({ name }) => only.length === 0 || only.includes(name));
  const results: FuzzResult[] = [];
  for (const target of wanted) {
    const until = performance.now() + (seconds * 1000) / wanted.length;
    const result = await watched(target, { seed, runs, until });
    results.push(result);
    console.log(lineOf(result, target.what));
  }
  for (const { target, failure } of results) {
    if (failure !== undefined) console.log(`\n${describe(target, failure)}`);
  }
  if (options.json !== undefined) {
    const rows = results.map(({ failure, ...rest }) => ({ ...rest, failure: plain(failure) }));
    writeFileSync(options.json, `${JSON.stringify({ seed, results: rows }, undefined, 2)}\n`);
  }
  return results.some(({ failure }) => failure !== undefined) ? 1 : 0;
}

/** A target that starts no process is watched from beside: its parser may never come back. */
async function watched(target: FuzzTarget, budget: Budget): Promise<FuzzResult> {
  if (!PARSERS.includes(target)) return fuzz(target, budget);
  const watch = new HangWatch(target.name, budget.seed);
  const open = async (): Promise<FuzzSession> => {
    const session = await target.open();
    const tryInput = async (input: Uint8Array): Promise<void> => {
      watch.begin();
      await session.try(input).finally(() => watch.end());
    };
    return { ...session, try: tryInput };
  };
  try {
    return await fuzz({ ...target, open }, budget);
  } finally {
    await watch.close();
  }
}

function lineOf({ target, runs, seconds, failure }: FuzzResult, what: string): string {
  const verdict = failure === undefined ? 'pass' : 'FAIL';
  return `${verdict}  ${target.padEnd(18)}${String(runs).padStart(8)} inputs in ${seconds.toFixed(1)} s  ${what}`;
}

function describe(target: string, { seed, reason, input, shrunk }: FuzzFailure): string {
  return [
    `${target}: ${reason}`,
    `  input:  ${quoted(input)}`,
    `  shrunk: ${quoted(shrunk)}`,
    `  again:  npm run fuzz -- --only ${target} --seed ${seed} --runs 1`,
  ].join('\n');
}

function quoted(bytes: Uint8Array): string {
  const text = JSON.stringify(Buffer.from(bytes.subarray(0, SHOWN_BYTES)).toString('latin1'));
  return bytes.length > SHOWN_BYTES ? `${text} and so on, ${bytes.length} bytes` : text;
}

function plain(failure: FuzzFailure | undefined): unknown {
  if (failure === undefined) return undefined;
  const hexadecimal = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  const { input, shrunk } = failure;
  return { ...failure, input: hexadecimal(input), shrunk: hexadecimal(shrunk) };
}
