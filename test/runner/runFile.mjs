import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FILE_LIMIT_MILLISECONDS = 4 * 60 * 1000;
/** A test process that is told to end removes what it started. */
const CLEAN_UP_MILLISECONDS = 30_000;
const TEST_LIMIT_MILLISECONDS = 3 * 60 * 1000;
const running = new Set();
const reporter = fileURLToPath(new URL('./nodeReporter.mjs', import.meta.url));

/**
 * Runs one test file in a process of its own. Resolves to its tests as `{ name, outcome, error }`, the file's output
 * and the reasons it gave for skipping (test/support/skipping.ts). A process that ends badly without naming a failed test, or that ran no test, counts as one failed test.
 */
export async function runFile({ runtime, bun, root, file, environment }) {
  const results = mkdtempSync(join(tmpdir(), 'podshim-results-'));
  const junit = join(results, 'junit.xml');
  const [command, args] =
    runtime === 'bun'
      ? [bun, bunArguments(file, junit)]
      : [process.execPath, [`--test-reporter=${reporter}`, '--enable-source-maps', compiled(file)]];
  const { status, output } = await runProcess(command, args, {
    cwd: root,
    env: { ...process.env, ...environment },
  });
  try {
    const tests = runtime === 'bun' ? readJunit(junit) : readRecords(output);
    const text = runtime === 'bun' ? output : withoutRecords(output);
    const reasons = [...new Set(output.match(/(?<=\u0002).*$/gm) ?? [])];
    if (status !== 0 && !tests.some((test) => test.outcome === 'failed')) {
      tests.push({ name: '(the file)', outcome: 'failed', error: `ended with ${status}` });
    } else if (tests.length === 0 && reasons.length > 0) {
      tests.push({ name: '(the file)', outcome: 'skipped' });
    } else if (tests.length === 0) {
      tests.push({ name: '(the file)', outcome: 'failed', error: 'no test was run' });
    }
    return { file, tests, output: text, reasons };
  } finally {
    rmSync(results, { recursive: true, force: true });
  }
}

/** Passes a signal on to the test processes under way; each then ends by itself. */
export function interrupt(signal) {
  for (const child of running) child.kill(signal);
}

function bunArguments(file, junit) {
  const limit = `--timeout=${TEST_LIMIT_MILLISECONDS}`;
  return ['test', limit, '--reporter=junit', `--reporter-outfile=${junit}`, `./${file}`];
}

/** Where tsc puts what it makes of a source file. */
function compiled(file) {
  return join('build/js', file.replace(/\.ts$/, '.js'));
}

/** Runs a command until it ends, or its time is up; `interrupt` reaches it. Resolves to its status and what it printed. */
export function runProcess(command, args, options, limitMilliseconds = FILE_LIMIT_MILLISECONDS) {
  return new Promise((resolve) => {
    const chunks = [];
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    const limit = setTimeout(() => {
      chunks.push(Buffer.from(`ended after ${limitMilliseconds / 1000} s\n`));
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), CLEAN_UP_MILLISECONDS).unref();
    }, limitMilliseconds);
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.on('error', (error) => chunks.push(Buffer.from(String(error))));
    // Not 'close': something a test left behind may hold the pipes.
    child.on('exit', (code, signal) => {
      clearTimeout(limit);
      running.delete(child);
      setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
        resolve({
          status: signal ?? code ?? 'no status',
          output: Buffer.concat(chunks).toString(),
        });
      }, 50);
    });
  });
}

function readRecords(output) {
  return output
    .split('\n')
    .filter((line) => line.includes('\u0001'))
    .map((line) => JSON.parse(line.slice(line.indexOf('\u0001') + 1)))
    .filter((record) => !record.suite || (record.outcome === 'failed' && hookFailed(record)));
}

/** A describe block fails with its tests, which are counted already, or by a hook of its own, which is not. */
function hookFailed(record) {
  return !/subtests? failed/.test(record.error ?? '');
}

function withoutRecords(output) {
  return output
    .split('\n')
    .filter((line) => !line.includes('\u0001'))
    .join('\n');
}

function readJunit(path) {
  if (!existsSync(path)) return [];
  const tests = [];
  const pattern = /<testcase\s([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g;
  for (const [, attributes, body = ''] of readFileSync(path, 'utf8').matchAll(pattern)) {
    const name = unescapeXml(/\bname="([^"]*)"/.exec(attributes)?.[1] ?? '');
    const failed = /<(failure|error)\b/.test(body);
    const outcome = failed ? 'failed' : /<skipped\b/.test(body) ? 'skipped' : 'passed';
    tests.push({ name, outcome, error: failed ? unescapeXml(body.trim()) : undefined });
  }
  return tests;
}

function unescapeXml(text) {
  const names = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name) => names[name]);
}
