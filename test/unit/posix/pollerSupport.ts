import assert from 'node:assert/strict';
import { after, afterEach } from 'node:test';
import { O_NOCTTY, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } from '../../../src/posix/constants.ts';
import {
  closeFile,
  makeFifo,
  makePipe,
  openFile,
  readSome,
  setNonBlocking,
} from '../../../src/posix/files.ts';
import {
  type Movement,
  type MovementEnd,
  startMovement,
  watchReadable,
} from '../../../src/posix/poller.ts';
import { openTerminal } from '../../../src/posix/terminal.ts';
import { shell, Workspace } from './support.ts';

export const MEBIBYTES_64: number = 64 * 1024 * 1024;
/** Writes 64 MiB in which no piece could be another one. */
export const GENERATE: string = `seq 1 100000000 | head -c ${MEBIBYTES_64}`;

/** Descriptors of the running test, closed after it whatever happened. */
const opened = new Set<number>();

/** Called once in every test file: gives a directory, and sees to it that everything is closed and removed. */
export function prepare(): Workspace {
  const workspace = new Workspace();
  // Neither movements nor watches keep the program from ending.
  const keepAlive = setInterval(() => undefined, 60_000);
  afterEach(() => {
    for (const descriptor of opened) closeFile(descriptor);
    opened.clear();
  });
  after(() => {
    clearInterval(keepAlive);
    workspace.remove();
  });
  return workspace;
}

/** Leaves a descriptor to the end of the test. */
export function own(descriptor: number): number {
  opened.add(descriptor);
  return descriptor;
}

/** Closes a descriptor before the end of the test. */
export function disown(descriptor: number): void {
  opened.delete(descriptor);
  closeFile(descriptor);
}

export interface Ends {
  readonly reader: number;
  readonly writer: number;
}

/** A pipe whose ends are both ours. */
export function pipe(): Ends {
  const ends = pipeWithChild();
  setNonBlocking(ends.reader, true);
  setNonBlocking(ends.writer, true);
  return ends;
}

/** A pipe of which one end is for a child; the other one has to be made non-blocking. */
export function pipeWithChild(): Ends {
  const [reader, writer] = makePipe();
  return { reader: own(reader), writer: own(writer) };
}

let fifoCount = 0;

/** A FIFO that is open at both ends. */
export function fifo(workspace: Workspace): Ends & { readonly path: string } {
  fifoCount += 1;
  const path = workspace.file(`fifo${fifoCount}`);
  makeFifo(path, 0o600);
  const reader = own(openFile(path, O_RDONLY | O_NONBLOCK));
  return { path, reader, writer: own(openFile(path, O_WRONLY | O_NONBLOCK)) };
}

/** A terminal in raw mode, its slave open. */
export async function rawTerminal(): Promise<{ master: number; slave: number }> {
  const { master, slavePath } = openTerminal();
  own(master);
  setNonBlocking(master, true);
  const slave = own(openFile(slavePath, O_RDWR | O_NOCTTY));
  assert.equal((await shell('stty raw -echo', { descriptors: [slave, -1, 2] })).status, 0);
  return { master, slave };
}

/** Starts a movement, with its end as a promise. */
export function move(
  source: number,
  destination: number,
  terminal = false,
): { end: Promise<MovementEnd>; movement: Movement } {
  let movement: Movement | undefined;
  const end = new Promise<MovementEnd>((resolve) => {
    movement = startMovement({ source, destination, terminal }, resolve);
  });
  assert.ok(movement);
  return { end, movement };
}

/** Resolves once a descriptor has something to read. */
export function readable(descriptor: number): Promise<void> {
  return new Promise((resolve) => {
    const watch = watchReadable(descriptor, () => {
      watch.cancel();
      resolve();
    });
  });
}

/** Reads until so many characters have come. */
export async function receive(descriptor: number, expected: number): Promise<string> {
  let received = '';
  while (received.length < expected) {
    const part = readSome(descriptor, 65_536);
    if (part === undefined) await readable(descriptor);
    else if (part.length === 0) break;
    else received += new TextDecoder().decode(part);
  }
  return received;
}

/** What sha256sum says about the output of GENERATE. */
export async function expectedSum(): Promise<string> {
  return (await shell(`${GENERATE} | sha256sum`)).output;
}
