import { reasonOf } from '../platform/reason.ts';
import type { DescribedContainer, DescribeResponse } from '../proto/introspection.ts';
import { CliError } from './exitCode.ts';
import { findShims } from './findShims.ts';
import { IntrospectionClient, isForeign } from './introspectionClient.ts';
import type { ShimProcess } from './shimProcess.ts';
import { shortId } from './units.ts';

/** A podshim server and what it told. */
export interface Podshim {
  readonly process: ShimProcess;
  readonly description: DescribeResponse;
}

/** A shim that told nothing, and why. */
export interface OtherShim {
  readonly process: ShimProcess;
  readonly reason: string;
}

export interface Inventory {
  readonly podshims: readonly Podshim[];
  readonly others: readonly OtherShim[];
}

/** Asks every shim of the machine, or of one namespace, what it holds. */
export async function takeInventory(namespace?: string): Promise<Inventory> {
  const processes = findShims().filter(
    (shim) => namespace === undefined || shim.namespace === namespace,
  );
  const answers = await Promise.all(processes.map(ask));
  return {
    podshims: answers.filter((answer) => 'description' in answer),
    others: answers.filter((answer) => 'reason' in answer),
  };
}

async function ask(shim: ShimProcess): Promise<Podshim | OtherShim> {
  if (shim.uid !== process.geteuid?.()) {
    return { process: shim, reason: `belongs to user ${shim.uid}` };
  }
  // The path of its socket would be one that it chose, and our reader of answers is no gate for strangers.
  if (shim.isElsewhere) return { process: shim, reason: 'runs in another pid namespace' };
  if (shim.socket === undefined) return { process: shim, reason: 'has no socket that can be seen' };
  let client: IntrospectionClient | undefined;
  try {
    client = await IntrospectionClient.connect(shim.socket);
    return { process: shim, description: await client.describe() };
  } catch (error) {
    return { process: shim, reason: isForeign(error) ? 'is no podshim' : silence(error) };
  } finally {
    client?.close();
  }
}

/** Messages of runtimes name the socket's path, which says nothing to people and fills a line. */
const silences: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'its socket is gone'],
  ['ECONNREFUSED', 'nobody listens on its socket'],
  ['EACCES', 'its socket may not be used by this user'],
]);

function silence(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = reasonOf(error);
  return `does not answer: ${silences.get(code) ?? message}`;
}

/** A container, with the server that holds it. */
export interface Found {
  readonly podshim: Podshim;
  readonly container: DescribedContainer;
}

const shortestPrefix = 3;

/**
 * The container of this id, or the only one whose id begins so.
 * @throws CliError when there is none, or more than one
 */
export function findContainer(inventory: Inventory, id: string): Found {
  const all = inventory.podshims.flatMap((podshim) =>
    podshim.description.containers.map((container) => ({ podshim, container })),
  );
  const exact = all.filter(({ container }) => container.init?.id === id);
  const matches =
    exact.length > 0 || id.length < shortestPrefix
      ? exact
      : all.filter(({ container }) => container.init?.id.startsWith(id));
  return theOnly(matches, id, inventory, ({ podshim, container }) => {
    return `${shortId(container.init?.id ?? '')} in namespace ${podshim.process.namespace}`;
  });
}

/**
 * The server that holds the container of this id, that was started for it, or that has it as its pid.
 * @throws CliError when there is none, or more than one
 */
export function findServer(inventory: Inventory, id: string): Podshim {
  const named = inventory.podshims.filter(
    ({ process }) => process.id === id || String(process.pid) === id,
  );
  const holding = inventory.podshims.filter(({ description }) =>
    description.containers.some((container) => container.init?.id === id),
  );
  const direct = holding.length > 0 ? holding : named;
  if (direct.length === 0) return findContainer(inventory, id).podshim;
  return theOnly(
    direct,
    id,
    inventory,
    ({ process }) => `pid ${process.pid} in namespace ${process.namespace}`,
  );
}

function theOnly<T>(
  matches: readonly T[],
  id: string,
  inventory: Inventory,
  name: (match: T) => string,
): T {
  const [only, ...more] = matches;
  if (only === undefined) throw new CliError(notFoundText(id, inventory));
  if (more.length > 0) {
    const names = matches.map(name).join(', ');
    throw new CliError(`${id} is not clear: ${names}; give more of the id, or --namespace`);
  }
  return only;
}

function notFoundText(id: string, { others }: Inventory): string {
  const text = `no shim has a container ${id}; podshim ps lists them`;
  const hidden = others.filter(({ reason }) => reason !== 'is no podshim').length;
  if (hidden === 0) return text;
  const hint = process.geteuid?.() === 0 ? '' : ' (run it as root to see all)';
  return `${text}. ${hidden} shims could not be asked${hint}`;
}
