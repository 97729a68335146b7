import { writeFileSync } from 'node:fs';
import { groups } from './groups.ts';
import { knownFailures } from './known.ts';
import { isWanted, readOptions } from './options.ts';
import { formatList, formatResult, formatTable, verdictOf } from './report.ts';
import { type CaseResult, runCase } from './runCase.ts';
import { probeShim } from './support/shimUnderTest.ts';

/**
 * Tries a shim case by case, and prints how it did.
 * @returns the exit status: 1 when a case failed that is not known to fail, or none was run
 */
export async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options.list) {
    console.log(formatList(groups));
    return 0;
  }
  // A case that ran out of time leaves calls behind, which fail when its shim is killed.
  process.on('unhandledRejection', () => {});
  const known = knownFailures(options.shim);
  const shim = await probeShim(options.shim);
  const results: CaseResult[] = [];
  let interrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      interrupted = true;
    });
  }
  for (const candidate of groups.flatMap(({ cases }) => cases)) {
    if (interrupted || !isWanted(options, candidate)) continue;
    const result = await runCase(candidate, shim, options.size);
    results.push(result);
    console.log(formatResult(result, known));
  }
  if (options.json !== undefined) {
    const report = results.map((result) => ({ ...result, verdict: verdictOf(result, known) }));
    const { path: tried, bootstrap } = shim;
    const { size } = options;
    const text = JSON.stringify(
      { shim: tried, bootstrap, size, interrupted, results: report },
      null,
      2,
    );
    writeFileSync(options.json, `${text}\n`);
  }
  if (results.length === 0) {
    console.log('no case has such a name');
    return 1;
  }
  console.log(`\n${formatTable(groups, results, known)}`);
  if (interrupted) console.log('interrupted: the cases that are missing were not tried');
  const failed = results.some((result) => verdictOf(result, known) === 'fail');
  return failed || interrupted ? 1 : 0;
}
