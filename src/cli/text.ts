import type { DescribedContainer, DescribedProcess, FlightEvent } from '../proto/introspection.ts';
import type { Found, Inventory, OtherShim, Podshim } from './inventory.ts';
import { runtimeName, timeText } from './report.ts';
import { type Colour, printable, type Style, stateText } from './style.ts';
import { type TreeNode, treeLines } from './tree.ts';
import { bytesText, durationText, shortId } from './units.ts';

/** What commands print for people. Pure: the present time and the style come from the caller. */

export interface TextOptions {
  readonly style: Style;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Ids in full. */
  readonly full: boolean;
}

/** `podshim ps`. */
export function inventoryText(inventory: Inventory, options: TextOptions): string {
  const lines = inventory.podshims.flatMap((podshim) => treeLines(serverNode(podshim, options)));
  if (lines.length === 0) lines.push('no podshim server is running');
  if (inventory.others.length > 0) {
    lines.push('', 'other shims:');
    for (const other of inventory.others) lines.push(...otherLines(other, options));
  }
  return `${lines.join('\n')}\n`;
}

function serverNode({ process, description }: Podshim, options: TextOptions): TreeNode {
  const { style, now } = options;
  const { server, containers, calls } = description;
  const facts = [
    `pid ${process.pid}`,
    `podshim ${printable(server?.version ?? '')}`,
    `up ${durationText(now - Number(server?.startedAtMilliseconds ?? 0n))}`,
    bytesText(Number(server?.memory?.privateDirty ?? 0n)),
  ];
  if (calls.length > 0) facts.push(`${calls.length} in flight`);
  const waiting = server?.eventsWaiting ?? 0;
  if (waiting > 0) facts.push(style('yellow', `${waiting} events waiting`));
  return {
    text: `${style('bold', printable(process.namespace))}  ${facts.join('  ')}`,
    children: containers.map((container) => containerNode(container, options)),
  };
}

function containerNode({ init, execs }: DescribedContainer, options: TextOptions): TreeNode {
  return {
    text: init === undefined ? 'a container without an init' : processText(init, options),
    children: execs.map((exec) => ({
      text: `exec ${processText(exec, options)}`,
      children: [],
    })),
  };
}

function processText(process: DescribedProcess, { style, now, full }: TextOptions): string {
  const { id, state, pid, exit } = process;
  const words = [printable(full ? id : shortId(id)), stateText(style, state)];
  if (exit === undefined) words.push(pid === 0 ? 'not started' : `pid ${pid}`);
  else {
    const ago = durationText(now - Number(exit.atMilliseconds));
    words.push(`exit ${style(exitColour(exit.status), String(exit.status))} ${ago} ago`);
  }
  return words.join('  ');
}

function exitColour(status: number): Colour {
  return status === 0 ? 'green' : 'red';
}

function otherLines({ process, reason }: OtherShim, { full }: TextOptions): string[] {
  const { pid, program, namespace, id } = process;
  return [
    `  pid ${pid}  ${printable(namespace)}  ${printable(full ? id : shortId(id))}`,
    `    ${printable(program)} ${printable(reason)}`,
  ];
}

/** `podshim inspect`. */
export function containerText({ podshim, container }: Found, options: TextOptions): string {
  const { init, bundle, runtime, execs } = container;
  const { server } = podshim.description;
  const rows: [string, string][] = [];
  if (init !== undefined) {
    rows.push(['id', printable(init.id)], ['state', stateText(options.style, init.state)]);
    rows.push(...processRows(init));
  }
  rows.push(['bundle', printable(bundle)], ['runtime', printable(runtimeName(runtime))]);
  for (const exec of execs) {
    rows.push(['', ''], ['exec', printable(exec.id)]);
    rows.push(['  state', stateText(options.style, exec.state)]);
    rows.push(...processRows(exec).map(([name, value]): [string, string] => [`  ${name}`, value]));
  }
  const up = durationText(options.now - Number(server?.startedAtMilliseconds ?? 0n));
  const version = `podshim ${server?.version ?? ''} on ${server?.runtime ?? ''}`;
  rows.push(['', ''], ['server', `pid ${podshim.process.pid}, ${printable(version)}, up ${up}`]);
  rows.push(['  namespace', printable(podshim.process.namespace)]);
  rows.push(['  socket', printable(server?.socket ?? '')]);
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return `${rows.map(([name, value]) => `${name.padEnd(width)}${value}`.trimEnd()).join('\n')}\n`;
}

function processRows({ pid, exit, stdio, waiting }: DescribedProcess): [string, string][] {
  const rows: [string, string][] = [['pid', pid === 0 ? 'not started' : String(pid)]];
  if (exit !== undefined) {
    rows.push(['exit', `status ${exit.status} at ${timeText(exit.atMilliseconds)}`]);
  }
  for (const name of ['stdin', 'stdout', 'stderr'] as const) {
    const path = stdio?.[name] ?? '';
    if (path !== '') rows.push([name, printable(path)]);
  }
  if (stdio?.terminal === true) rows.push(['terminal', 'yes']);
  const [first = '', ...more] = (stdio?.streams ?? '').split('\n');
  rows.push(['streams', printable(first)]);
  rows.push(...more.map((line): [string, string] => ['', printable(line)]));
  if (waiting > 0) rows.push(['waiting', `${waiting} callers for its end`]);
  return rows;
}

const kindColours: ReadonlyMap<string, Colour> = new Map([
  ['call', 'cyan'],
  ['spawn', 'dim'],
  ['exit', 'yellow'],
  ['publish', 'green'],
  ['error', 'red'],
]);

/** A line of `podshim events`. */
export function eventText(event: FlightEvent, style: Style): string {
  const { kind, text, milliseconds, count } = event;
  const time = timeText(event.atMilliseconds).replace('T', ' ').replace('Z', '');
  const times = count > 1 ? ` (${count} times in a row)` : '';
  const took = milliseconds === undefined ? '' : `, ${milliseconds.toFixed(1)} ms`;
  const label = style(kindColours.get(kind) ?? 'dim', printable(kind).padEnd(7));
  return `${style('dim', time)} ${label} ${printable(text)}${times}${took}`;
}
