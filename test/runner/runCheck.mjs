import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProcess } from './runFile.mjs';

/** A case has a limit of its own; all of them are many, on a machine that may be busy. */
const LIMIT_MILLISECONDS = 12 * 60 * 1000;
const SHOWN_LINES = 60;
/** As the conformance suite names them; whoever is known to fail, fails here. */
const OUTCOMES = { pass: 'passed', skipped: 'skipped' };

/**
 * Runs a check. It is one test, which fails with the start of what was printed; one that is `listed` writes what it
 * tried to a file of JSON, and each of those is a test. Resolves to results as runFile does.
 */
export async function runCheck(root, { title, command, args, listed = false }) {
  const options = { cwd: root, env: process.env };
  if (!listed) {
    const { status, output } = await runProcess(command, args, options, LIMIT_MILLISECONDS);
    if (status === 0) return [{ file: title, tests: [{ outcome: 'passed' }], output }];
    return [{ file: title, tests: [failure('check', output)], output: '' }];
  }
  const directory = mkdtempSync(join(tmpdir(), 'podshim-results-'));
  try {
    const list = join(directory, 'results.json');
    const words = [...args, '--json', list];
    const { status, output } = await runProcess(command, words, options, LIMIT_MILLISECONDS);
    const results = readList(list);
    const tests = results.map(({ name, verdict, reason }) => ({
      name,
      outcome: OUTCOMES[verdict] ?? 'failed',
      error: reason,
    }));
    // It may have ended before its end, or not have begun.
    if (status !== 0 && !tests.some(({ outcome }) => outcome === 'failed')) {
      tests.push(failure('(all of it)', `ended with ${status}\n${output}`));
    }
    const reasons = results
      .filter(({ verdict }) => verdict === 'skipped')
      .map(({ name, reason }) => `${name}: ${reason}`);
    return [{ file: title, tests, output: '', reasons }];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function failure(name, output) {
  return { name, outcome: 'failed', error: output.split('\n').slice(0, SHOWN_LINES).join('\n') };
}

function readList(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).results;
  } catch {
    return [];
  }
}
