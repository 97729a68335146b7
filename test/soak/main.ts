import { execFileSync } from 'node:child_process';
import { probeShim } from '../../conformance/support/shimUnderTest.ts';
import { readOptions, type SoakOptions } from './options.ts';
import { type Phase, shortcomings } from './phase.ts';
import { callsPhase } from './phases/calls.ts';
import { containersPhase } from './phases/containers.ts';
import { execsPhase } from './phases/execs.ts';
import { orphansPhase } from './phases/orphans.ts';
import { outboxPhase } from './phases/outbox.ts';
import { podsPhase } from './phases/pods.ts';
import { probesPhase } from './phases/probes.ts';
import { formatTable, type LineChart, type PhaseResult, writeFiles } from './report.ts';

const PHASES: readonly Phase[] = [
  callsPhase,
  execsPhase,
  containersPhase,
  podsPhase,
  probesPhase,
  orphansPhase,
  outboxPhase,
];

/**
 * Puts much work on a shim, phase after phase, and looks at what it holds before, meanwhile and afterwards.
 * @returns the exit status: 1 when something leaked or got lost
 */
export async function main(args: readonly string[], lineChart: LineChart): Promise<number> {
  const options = readOptions(
    args,
    PHASES.map(({ name }) => name),
  );
  const wanted = PHASES.filter(
    ({ name }) => options.only.length === 0 || options.only.includes(name),
  );
  // A phase that fails leaves calls behind, which fail when its shim is killed.
  process.on('unhandledRejection', () => {});
  // Pages of a file that is not on disk yet would count as the shim's own.
  execFileSync('sync', ['-f', options.shim]);
  const shim = await probeShim(options.shim);
  const results: PhaseResult[] = [];
  let broken = false;
  let files: readonly string[] = [];
  for (const phase of wanted) {
    const count = countOf(phase, options);
    console.log(`${phase.name}: ${count} ${phase.unit}`);
    try {
      const report = await phase.run({ shim, count, options });
      results.push({ phase, count, report });
      const verdict = shortcomings(report).length === 0 ? 'pass' : 'FAIL';
      console.log(`  ${verdict} (${report.seconds.toFixed(1)} s)`);
      // After each phase: a run of an hour may be broken off.
      files = writeFiles(results, options, lineChart);
    } catch (error) {
      broken = true;
      console.log(`  FAIL: ${error instanceof Error ? (error.stack ?? error.message) : error}`);
    }
  }
  console.log(`\n${formatTable(results)}\n`);
  for (const path of files) console.log(path);
  return broken || results.some(({ report }) => shortcomings(report).length > 0) ? 1 : 0;
}

function countOf({ full }: Phase, { scale }: SoakOptions): number {
  return Math.max(1, Math.round(full * scale));
}
