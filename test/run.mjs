import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bunPath } from '../scripts/build.mjs';
import { reportSetup, setup } from '../scripts/setup.mjs';
import { emitJavaScript } from './runner/emit.mjs';
import { runCheck } from './runner/runCheck.mjs';
import { interrupt, runFile } from './runner/runFile.mjs';
import { chooseSuites } from './runner/suites.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
/** A file that takes longer is named, so that a long run is not silent. */
const SLOW_SECONDS = 10;
const totals = { passed: 0, failed: 0, skipped: 0 };

async function runFiles({ files, runtime, atOnce }) {
  const waiting = [...files];
  const done = [];
  const worker = async () => {
    for (let file = waiting.shift(); file !== undefined && !interrupted; file = waiting.shift()) {
      const environment = { PODSHIM_RUNTIME: runtime };
      const started = performance.now();
      done.push(await runFile({ runtime, bun: bunPath(root), root, file, environment }));
      const seconds = (performance.now() - started) / 1000;
      if (seconds > SLOW_SECONDS) console.log(`  ${file}: ${seconds.toFixed(1)} s`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return done;
}

function count(results, outcome) {
  return results.flatMap(({ tests }) => tests).filter((test) => test.outcome === outcome).length;
}

function printFailures(results) {
  for (const { file, tests, output } of results) {
    const failed = tests.filter((test) => test.outcome === 'failed');
    if (failed.length === 0) continue;
    for (const { name, error } of failed) {
      console.log(`  FAILED ${file}: ${name}`);
      if (error !== undefined) console.log(indent(error));
    }
    const text = output.trim().split('\n').slice(-40).join('\n');
    if (text !== '') console.log(`  output of ${file}:\n${indent(text)}`);
  }
}

function indent(text) {
  return text.replace(/^/gm, '    ');
}

async function runSuite(suite) {
  const started = performance.now();
  const results = await (suite.kind === 'check' ? runCheck(root, suite) : runFiles(suite));
  if (results.length === 0) {
    const error = 'there is no test file';
    results.push({
      file: suite.title,
      tests: [{ name: 'suite', outcome: 'failed', error }],
      output: '',
    });
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const parts = [];
  for (const outcome of Object.keys(totals)) {
    const number = count(results, outcome);
    totals[outcome] += number;
    if (number > 0) parts.push(`${number} ${outcome}`);
  }
  console.log(`${suite.title.padEnd(16)} ${parts.join(', ')} (${seconds} s)`);
  for (const { file, reasons = [] } of results) {
    for (const reason of reasons) console.log(`  skipped in ${file}: ${reason}`);
  }
  printFailures(results);
}

let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    interrupted = true;
    interrupt(signal);
  });
}

// A machine whose file system is read-only is given what its host has made (test/cgroup2).
if (!process.argv.includes('--prepared')) {
  reportSetup(() => {
    setup('tests', 'npm test');
    emitJavaScript(root);
  });
}
for (const suite of chooseSuites(root, process.argv.slice(2))) {
  if (!interrupted) await runSuite(suite);
}
const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : '';
if (interrupted) console.log('interrupted: what was not run is not counted');
console.log(`${totals.passed} passed, ${totals.failed} failed${skipped}`);
process.exitCode = interrupted || totals.failed > 0 || totals.passed === 0 ? 1 : 0;
