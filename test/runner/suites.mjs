import { biomePath } from '../../scripts/lint.mjs';
import { filesBelow } from '../../scripts/setup/fingerprint.mjs';

/** The kinds of test files, each with the runtimes it is run under. */
const FOLDERS = [
  { folder: 'test/unit', title: 'unit', runtimes: ['node', 'bun'], atOnce: 2 },
  { folder: 'test/runc', title: 'runc', runtimes: ['node', 'bun'], atOnce: 1 },
  { folder: 'test/containerd', title: 'containerd', runtimes: ['node'], atOnce: 1 },
  { folder: 'test/cri', title: 'cri', runtimes: ['node'], atOnce: 1 },
];

/**
 * What is a command of its own: the checks of the source itself and of the addon, each one test, and the quick part of
 * the conformance suite, whose cases are a test each (`listed`).
 */
const CHECKS = [
  { title: 'lint', command: biomePath(), args: ['check', '--colors=off', '.'] },
  { title: 'types', command: 'node_modules/.bin/tsc', args: ['--noEmit', '--pretty', 'false'] },
  { title: 'addon analysed', command: process.execPath, args: ['scripts/check/analyse.mjs'] },
  { title: 'addon sanitized', command: process.execPath, args: ['scripts/check/sanitize.mjs'] },
  {
    title: 'conformance',
    command: process.execPath,
    args: ['conformance/run.mjs', '--shim', 'dist/containerd-shim-podshim-v1', '--fast'],
    listed: true,
  },
];

/**
 * What to run. Words narrow it to the checks and files whose name contains one of them; `--bun` or `--node`
 * narrow it to one runtime. Without words everything is run, and a folder without a test file is a failure.
 */
export function chooseSuites(root, args) {
  const words = args.filter((arg) => !arg.startsWith('--'));
  const runtimes = ['node', 'bun'].filter((name) => args.includes(`--${name}`));
  const wanted = (name) => words.length === 0 || words.some((word) => name.includes(word));
  const suites = CHECKS.filter((check) => wanted(check.title)).map((check) => ({
    kind: 'check',
    ...check,
  }));
  for (const { folder, title, runtimes: both, atOnce } of FOLDERS) {
    const files = filesBelow(root, folder)
      .filter((file) => file.endsWith('.test.ts') && wanted(file))
      .sort();
    if (files.length === 0 && words.length > 0) continue;
    for (const runtime of both) {
      if (runtimes.length > 0 && !runtimes.includes(runtime)) continue;
      const label = both.length > 1 ? `${title} (${runtime})` : title;
      suites.push({ kind: 'files', title: label, runtime, files, atOnce });
    }
  }
  return suites;
}
