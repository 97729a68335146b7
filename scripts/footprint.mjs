import { spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reportSetup, setup } from './setup.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const STARTS = 20;
/** Longer than the server waits before it gives memory back. */
const QUIET_MILLISECONDS = 10_000;
const WAKE_UP_SECONDS = 20;

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const median = (values) => values.toSorted((one, other) => one - other)[values.length >> 1];

/**
 * `npm run footprint [-- OTHER_SHIM]`: what one shim costs, beside another one (default: Debian's). Both are started in
 * turn, directly and not by containerd; then each holds one container that sleeps.
 */
async function main(other) {
  const directory = mkdtempSync(join(tmpdir(), 'podshim-footprint-'));
  const shims = [
    { title: 'podshim', path: copyOf(join(root, 'dist/containerd-shim-podshim-v1'), directory) },
    { title: other.split('/').at(-1), path: other },
  ].filter(({ path, title }) => {
    if (existsSync(path)) return true;
    console.error(`${title}: ${path} is not there`);
    return false;
  });
  await takeEvents(join(directory, 'events'));
  try {
    const starts = new Map(shims.map((shim) => [shim, []]));
    for (let round = 0; round < STARTS; round += 1) {
      for (const shim of shims) {
        const server = startServer(shim, directory, `start-${round}`);
        starts.get(shim).push(server.milliseconds);
        end(server);
      }
    }
    const rows = [];
    for (const shim of shims) rows.push(await figures(shim, directory, starts.get(shim)));
    print(shims, rows);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Pages of a file that was just written count as private dirty in whoever maps them: hence a copy, on disk. */
function copyOf(binary, directory) {
  const copy = join(directory, 'bin', 'containerd-shim-podshim-v1');
  mkdirSync(dirname(copy));
  cpSync(binary, copy);
  cpSync(join(dirname(binary), 'podshim.node'), join(dirname(copy), 'podshim.node'));
  spawnSync('sync', ['-f', copy]);
  return copy;
}

async function figures(shim, directory, starts) {
  const server = startServer(shim, directory, 'held');
  const daemon = daemonConnection(server.socket);
  try {
    await sleep(1000);
    const row = { 'start, ms (median)': median(starts).toFixed(1) };
    addMemory(row, 'no container', server.pid);
    await sleep(QUIET_MILLISECONDS);
    addMemory(row, 'no container, quiet', server.pid);
    await daemon.call('Create', text(1, 'held') + text(2, server.bundle));
    await daemon.call('Start', text(1, 'held'));
    // It is answered when the container ends; here the server is killed first.
    daemon.call('Wait', text(1, 'held')).catch(() => {});
    await sleep(1000);
    addMemory(row, 'one container', server.pid);
    await sleep(QUIET_MILLISECONDS);
    addMemory(row, 'one container, quiet', server.pid);
    const before = switches(server.pid);
    await sleep(WAKE_UP_SECONDS * 1000);
    row['wake-ups a second'] = (wakeUps(before, switches(server.pid)) / WAKE_UP_SECONDS).toFixed(2);
    row.threads = String(readdirSync(`/proc/${server.pid}/task`).length);
    return row;
  } finally {
    daemon.close();
    end(server);
    spawnSync('runc', ['--root', '/run/containerd/runc/footprint', 'delete', '--force', 'held']);
  }
}

function startServer({ path }, directory, id) {
  const bundle = join(directory, id);
  if (!existsSync(bundle)) makeBundle(bundle);
  // A shim of Go's waits for the daemon to open its log.
  const log = openSync(join(bundle, 'log'), constants.O_RDWR | constants.O_NONBLOCK);
  const begin = performance.now();
  const { stdout, stderr, status } = spawnSync(
    path,
    [
      '-namespace',
      'footprint',
      '-address',
      join(directory, 'nowhere'),
      '-publish-binary',
      '/bin/true',
      '-id',
      id,
      'start',
    ],
    {
      cwd: bundle,
      env: { PATH: process.env.PATH, TTRPC_ADDRESS: join(directory, 'events'), GOMAXPROCS: '2' },
      encoding: 'utf8',
    },
  );
  const milliseconds = performance.now() - begin;
  if (status !== 0) throw new Error(`${path} start: ${stderr}`);
  const socket = stdout.trim().replace(/^unix:\/\//, '');
  return { milliseconds, socket, bundle, log, pid: serverOf(bundle) };
}

/** The process that works in the bundle's directory. */
function serverOf(bundle) {
  const found = readdirSync('/proc').find((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === bundle;
    } catch {
      return false;
    }
  });
  if (found === undefined) throw new Error(`no server for ${bundle}`);
  return Number(found);
}

function end({ pid, socket, log }) {
  closeSync(log);
  process.kill(pid, 'SIGKILL');
  rmSync(socket, { force: true });
}

function makeBundle(bundle) {
  mkdirSync(join(bundle, 'rootfs', 'bin'), { recursive: true });
  spawnSync('mkfifo', [join(bundle, 'log')]);
  cpSync('/bin/busybox', join(bundle, 'rootfs/bin/busybox'));
  writeFileSync(
    join(bundle, 'config.json'),
    JSON.stringify({
      ociVersion: '1.0.2',
      process: { user: { uid: 0, gid: 0 }, args: ['/bin/busybox', 'sleep', '1000'], cwd: '/' },
      root: { path: 'rootfs' },
      mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
      linux: { namespaces: ['pid', 'ipc', 'uts', 'mount'].map((type) => ({ type })) },
    }),
  );
}

const text = (field, value) => `${String.fromCharCode(field * 8 + 2, value.length)}${value}`;

/**
 * The daemon's connection, which it keeps for the life of the pod. `call(method, payload)` makes a call over ttrpc; strings
 * are bytes here, and requests shorter than 128 bytes.
 */
function daemonConnection(socket) {
  const connection = connect(socket);
  const waiting = new Map();
  let received = Buffer.alloc(0);
  let lastId = -1;
  const fail = () => {
    for (const { method, reject } of waiting.values()) reject(new Error(`${method}: no answer`));
    waiting.clear();
  };
  connection.on('error', fail);
  connection.on('close', fail);
  connection.on('data', (bytes) => {
    received = Buffer.concat([received, bytes]);
    while (received.length >= 10 && received.length >= 10 + received.readUInt32BE(0)) {
      const { method, resolve, reject } = waiting.get(received.readUInt32BE(4));
      waiting.delete(received.readUInt32BE(4));
      const answer = received.subarray(10, 10 + received.readUInt32BE(0));
      received = received.subarray(10 + answer.length);
      // The first field of a response is the status of a call that failed.
      if (answer[0] === 10 && answer[1] > 0) reject(new Error(`${method}: ${answer.subarray(4)}`));
      else resolve();
    }
  });
  return {
    call(method, payload) {
      const request = text(1, 'containerd.task.v2.Task') + text(2, method) + text(3, payload);
      const header = Buffer.alloc(10);
      lastId += 2;
      header.writeUInt32BE(request.length, 0);
      header.writeUInt32BE(lastId, 4);
      header[8] = 1;
      return new Promise((resolve, reject) => {
        waiting.set(lastId, { method, resolve, reject });
        connection.write(Buffer.concat([header, Buffer.from(request, 'latin1')]));
      });
    },
    close: () => connection.destroy(),
  };
}

/** Stands for the daemon: takes every event. A shim that nobody listens to has more to keep and to log. */
function takeEvents(socket) {
  const server = createServer((connection) => {
    let waiting = Buffer.alloc(0);
    connection.on('error', () => {});
    connection.on('data', (bytes) => {
      waiting = Buffer.concat([waiting, bytes]);
      while (waiting.length >= 10 && waiting.length >= 10 + waiting.readUInt32BE(0)) {
        const answer = Buffer.alloc(10);
        waiting.copy(answer, 4, 4, 8);
        answer[8] = 2;
        connection.write(answer);
        waiting = waiting.subarray(10 + waiting.readUInt32BE(0));
      }
    });
  });
  return new Promise((resolve) => server.listen(socket, () => resolve(server.unref())));
}

function addMemory(row, when, pid) {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  for (const [name, title] of [
    ['Private_Dirty', 'private dirty'],
    ['Pss', 'PSS'],
    ['Rss', 'RSS'],
  ]) {
    const kibibytes = Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1]);
    row[`${title}, MB, ${when}`] = (kibibytes / 1024).toFixed(2);
  }
}

/** How often each thread was put on a processor after it had waited. */
function switches(pid) {
  const threads = readdirSync(`/proc/${pid}/task`);
  return new Map(
    threads.map((thread) => {
      const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
      return [thread, Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1])];
    }),
  );
}

/** Threads that ended in the meantime are left out. */
function wakeUps(before, now) {
  return [...now].reduce((sum, [thread, count]) => sum + count - (before.get(thread) ?? 0), 0);
}

function print(shims, rows) {
  console.log(
    ['', ...shims.map(({ title }) => title), 'ratio'].map((cell, at) => pad(cell, at)).join(''),
  );
  for (const name of Object.keys(rows[0])) {
    const values = rows.map((row) => row[name]);
    const ratio = rows.length === 2 ? (Number(values[0]) / Number(values[1])).toFixed(2) : '';
    console.log([name, ...values, ratio].map((cell, at) => pad(cell, at)).join(''));
  }
}

const pad = (cell, at) => (at === 0 ? cell.padEnd(42) : cell.padStart(28));

reportSetup(() => setup('containers', 'npm run footprint'));
await main(process.argv[2] ?? '/usr/bin/containerd-shim-runc-v2');
