import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '../../../src/platform/log.ts';
import { reportBlock } from '../../../src/shim/blockedReport.ts';
import { RunningCommand } from '../../support/commands.ts';
import { waitUntil } from '../../support/waiting.ts';

/** Above what the kernel gives out as a pid. */
const firstDeadPid = 4_999_000;
const patience = 60_000;
const openat = process.arch === 'x64' ? '257' : '56';
const script = import.meta.filename.replace(/watchdog\.test\.(\w+)$/, 'blockedChild.$1');

let workspace: string;
let reports: string;
let child: RunningCommand;

beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), 'podshim-watchdog-'));
  reports = join(workspace, 'run', 'dump');
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await child?.finished;
  rmSync(workspace, { recursive: true, force: true });
});

/** Starts a process with a watchdog that looks every `rest` ms and has `limit` ms of patience. */
async function startChild(rest: number, limit: number): Promise<void> {
  child = new RunningCommand(process.execPath, [script, reports, String(rest), String(limit)], {
    interactive: true,
  });
  await child.waitForOutput(/^ready$/m);
}

/** Blocks its event loop with a read from a FIFO that nobody writes to. @returns a function that ends it */
function blockWithRead(): () => void {
  const fifo = join(workspace, 'fifo');
  execFileSync('mkfifo', [fifo]);
  child.write(`read ${fifo}\n`);
  return () => writeFileSync(fifo, 'abc');
}

function reportFile(): string {
  return join(reports, `tests-blocked-${child.pid}.blocked.txt`);
}

/** The report when it is whole. */
function wholeReport(accept: RegExp = /./): Promise<string> {
  const look = (): string | false => {
    const text = existsSync(reportFile()) ? readFileSync(reportFile(), 'utf8') : '';
    return text.endsWith('=== END ===\n') && accept.test(text) && text;
  };
  return waitUntil('a report of the watchdog', look, patience);
}

/** The number of a thread's system call and its arguments. */
function callOf(thread: number): string[] {
  return readFileSync(`/proc/${child.pid}/task/${thread}/syscall`, 'utf8').split(' ');
}

/** The thread that watches. */
function watchdog(): number {
  const tasks = `/proc/${child.pid}/task`;
  const isIt = (task: string): boolean =>
    readFileSync(join(tasks, task, 'comm'), 'utf8') === 'podshim-watch\n';
  return Number(readdirSync(tasks).find(isIt));
}

/** How often it went to sleep. */
function turns(): number {
  const status = readFileSync(`/proc/${child.pid}/task/${watchdog()}/status`, 'utf8');
  return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1]);
}

describe('a blocked event loop', () => {
  test('in a system call: the report says in which, and what was going on', async () => {
    await startChild(100, 1000);
    const release = blockWithRead();
    const text = await wholeReport();
    release();
    const lines = [
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z watchdog: the event loop has been blocked for \d+\.\d s to \d+\.\d s$/m,
      new RegExp(`^namespace tests, id blocked, pid ${child.pid}$`, 'm'),
      /^podshim 0\.0\.0, \w+$/m,
      new RegExp(`^thread ${child.pid} .*: S \\(sleeping\\), .*openat "${workspace}/fifo"$`, 'm'),
      /^ {2}\[<0>\] \S*fifo_open/m,
      /^\S+Z spawn pid \d+ sleep 100000$/m,
      /^at \S+\+0x[0-9a-f]+$/m,
      /^ {2}#\d+ podshim\.node\+0x[0-9a-f]+$/m,
      /^thread \d+ podshim-watch: R /m,
      /^pid \d+ sleep: \w \(/m,
      /^0 (pipe|socket):\[\d+\]$/m,
      /^Private_Dirty: +\d+ kB$/m,
    ];
    for (const line of lines) assert.match(text, line);
    assert.doesNotMatch(text, /PATH=/);
    const age = Date.now() - new Date(text.slice(0, 24)).getTime();
    assert.ok(age >= 0 && age < patience, text.slice(0, 24));
  });

  test('the read goes on, the log says how long it was, and there is one report of it', async () => {
    await startChild(100, 500);
    const release = blockWithRead();
    const text = await wholeReport();
    // Long enough for a second one.
    await sleep(1500);
    assert.equal(readFileSync(reportFile(), 'utf8'), text);
    release();
    await child.waitForOutput(/^read 3 bytes$/m);
    const output = await child.waitForOutput(/"message":"the event loop was blocked".*\n/);
    const logged = JSON.parse(/^\{.*\}$/m.exec(output)?.[0] ?? '');
    assert.ok(logged.milliseconds >= 2000 && logged.milliseconds <= logged.atMost, output);
    assert.equal(logged.path, reportFile());
    assert.deepEqual(readdirSync(reports), [`tests-blocked-${child.pid}.blocked.txt`]);
    assert.equal(statSync(reportFile()).mode & 0o777, 0o600);
    assert.equal(statSync(reports).mode & 0o777, 0o700);
  });

  test('in code that never ends: the report says where, and the next block has one of its own', async () => {
    await startChild(100, 1000);
    const flag = join(workspace, 'flag');
    writeFileSync(flag, '');
    child.write(`spin ${flag}\n`);
    const text = await wholeReport();
    rmSync(flag);
    assert.match(text, new RegExp(`^thread ${child.pid} .*: R \\(running\\), `, 'm'));
    assert.match(
      text,
      /^since it was asked: \d+\.\d s on a processor, \d+\.\d s waiting for one$/m,
    );
    assert.match(text, /--- its stack ---\nat \S+/);
    assert.match(text, /^ {2}#1 \S+\+0x[0-9a-f]+$/m);
    await child.waitForOutput(/^span to -?\d+$/m);
    const release = blockWithRead();
    await wholeReport(/openat/);
    release();
    await child.waitForOutput(/^read 3 bytes$/m);
  });

  test('SIGUSR1 in it: another report; the signal is there when the loop turns again', async () => {
    await startChild(100, 500);
    const release = blockWithRead();
    await wholeReport(/Z watchdog: /);
    child.kill('SIGUSR1');
    await wholeReport(/Z asked for: /);
    release();
    await child.waitForOutput(/^read 3 bytes$/m);
    await child.waitForOutput(/^signal$/m);
  });

  test('SIGUSR1 while nobody looks: the loop is asked at once', async () => {
    await startChild(3_600_000, 500);
    const release = blockWithRead();
    await waitUntil('the loop is blocked', () => callOf(child.pid)[0] === openat);
    child.kill('SIGUSR1');
    await wholeReport(/Z asked for: /);
    release();
    await child.waitForOutput(/^signal$/m);
  });

  test('a report that cannot be written is named in the log', async () => {
    mkdirSync(reports, { recursive: true });
    chmodSync(reports, 0o750);
    await startChild(100, 500);
    const release = blockWithRead();
    await waitUntil('the loop is blocked', () => callOf(child.pid)[0] === openat);
    // At most two looks and two slices of time before the report, a sleep of a second each after it.
    const before = turns();
    await waitUntil('the report is tried', () => turns() > before + 8, patience);
    release();
    const output = await child.waitForOutput(/the report could not be written.*\n/);
    assert.match(output, /"error":"EPERM"/);
    assert.deepEqual(readdirSync(reports), []);
  });
});

describe('no report', () => {
  test('of a loop that is well, also after SIGUSR1', async () => {
    await startChild(50, 5000);
    for (let count = 0; count < 3; count += 1) {
      child.kill('SIGUSR1');
      await child.waitForOutput(new RegExp(`(^signal\\n[\\s\\S]*){${count + 1}}`, 'm'));
    }
    child.write('ping\n');
    await child.waitForOutput(/^pong$/m);
    assert.ok(!existsSync(reports));
  });

  test('of a process that was stopped while its loop had to answer', async () => {
    const limit = 4000;
    await startChild(50, limit);
    const release = blockWithRead();
    const before = turns();
    await waitUntil('the loop is asked', () => turns() > before + 2, patience);
    child.kill('SIGSTOP');
    await sleep(limit * 1.5);
    child.kill('SIGCONT');
    release();
    await child.waitForOutput(/^read 3 bytes$/m);
    child.write('ping\n');
    await child.waitForOutput(/^pong$/m);
    assert.ok(!existsSync(reports));
  });
});

test('of servers that are gone a few reports are kept, of those that live all', () => {
  mkdirSync(reports, { recursive: true });
  const write = (pid: number): void => {
    const path = join(reports, `k8s.io-pod-${pid}.blocked.txt`);
    writeFileSync(path, '');
    utimesSync(path, pid, pid);
  };
  for (let count = 0; count < 20; count += 1) write(firstDeadPid + count);
  write(process.pid);
  writeFileSync(join(reports, `k8s.io-pod-${firstDeadPid}.txt`), '');
  const block = { leastMilliseconds: 1, mostMilliseconds: 2, error: undefined };
  reportBlock(block, { directory: reports, file: 'x', logger: silentLogger });
  const left = readdirSync(reports);
  assert.equal(left.length, 18);
  assert.ok(left.includes(`k8s.io-pod-${process.pid}.blocked.txt`));
  assert.ok(left.includes(`k8s.io-pod-${firstDeadPid}.txt`));
  assert.ok(!left.includes(`k8s.io-pod-${firstDeadPid + 3}.blocked.txt`));
  assert.ok(left.includes(`k8s.io-pod-${firstDeadPid + 4}.blocked.txt`));
});
