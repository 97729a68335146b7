import { CliError, ExitCode } from './exitCode.ts';
import { IntrospectionClient } from './introspectionClient.ts';
import {
  findContainer,
  findServer,
  type OtherShim,
  type Podshim,
  takeInventory,
} from './inventory.ts';
import {
  containerReport,
  eventReport,
  otherReport,
  podshimReport,
  serverReport,
} from './report.ts';
import { findSilent, reportOfSilent } from './silentServer.ts';
import type { Terminal } from './terminal.ts';
import { containerText, eventText, inventoryText } from './text.ts';

export interface CommonOptions {
  readonly json: boolean;
  readonly namespace: string | undefined;
}

/** `podshim ps`. */
export async function ps(
  terminal: Terminal,
  { json, namespace, full }: CommonOptions & { readonly full: boolean },
): Promise<ExitCode> {
  const inventory = await takeInventory(namespace);
  if (json) {
    terminal.writeJson({
      podshims: inventory.podshims.map(podshimReport),
      others: inventory.others.map(otherReport),
    });
  } else {
    terminal.write(inventoryText(inventory, { style: terminal.style, now: Date.now(), full }));
  }
  return ExitCode.ok;
}

/** `podshim inspect`. */
export async function inspect(
  terminal: Terminal,
  { json, namespace, id }: CommonOptions & { readonly id: string },
): Promise<ExitCode> {
  const found = findContainer(await takeInventory(namespace), id);
  if (json) {
    terminal.writeJson({
      ...containerReport(found.container),
      server: serverReport(found.podshim),
    });
  } else {
    const options = { style: terminal.style, now: Date.now(), full: true };
    terminal.write(containerText(found, options));
  }
  return ExitCode.ok;
}

/** `podshim dump`. Of a server that does not answer, what its watchdog can tell. */
export async function dump(
  terminal: Terminal,
  { json, namespace, id }: CommonOptions & { readonly id: string },
): Promise<ExitCode> {
  const inventory = await takeInventory(namespace);
  const silent = findSilent(inventory, id);
  if (silent !== undefined) return await dumpOfSilent(terminal, silent, json);
  const podshim = findServer(inventory, id);
  const client = await connect(podshim);
  try {
    const { path, text, truncated } = await client.dump('podshim dump');
    if (json) {
      terminal.writeJson({ answers: true, path: path === '' ? null : path, truncated, text });
    } else {
      terminal.write(text);
      if (path !== '') terminal.writeError(`also in ${path}\n`);
    }
  } finally {
    client.close();
  }
  return ExitCode.ok;
}

async function dumpOfSilent(
  terminal: Terminal,
  silent: OtherShim,
  json: boolean,
): Promise<ExitCode> {
  const { pid } = silent.process;
  if (!json) terminal.writeError(`shim ${pid} ${silent.reason}; asking its watchdog\n`);
  const { path, text, fresh } = await reportOfSilent(silent);
  if (json) terminal.writeJson({ answers: false, path, truncated: false, text });
  else {
    terminal.write(text);
    if (!fresh) terminal.writeError('this is of earlier: the watchdog wrote no new one\n');
    terminal.writeError(`also in ${path}\n`);
  }
  return ExitCode.ok;
}

/** `podshim events`: ends with the server, at Ctrl-C, or without `follow` after what has happened already. */
export async function events(
  terminal: Terminal,
  options: CommonOptions & { readonly id: string; readonly follow: boolean },
): Promise<ExitCode> {
  const { json, namespace, id, follow } = options;
  const podshim = findServer(await takeInventory(namespace), id);
  const client = await connect(podshim);
  const stop = (): void => client.close();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  let expected: bigint | undefined;
  try {
    for await (const event of client.events(follow)) {
      if (expected !== undefined && event.sequence > expected) {
        terminal.writeError(`${event.sequence - expected} events were missed\n`);
      }
      expected = event.sequence + 1n;
      if (json) terminal.writeJsonLine(eventReport(event));
      else terminal.write(`${eventText(event, terminal.style)}\n`);
    }
  } finally {
    client.close();
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
  return ExitCode.ok;
}

async function connect({ process }: Podshim): Promise<IntrospectionClient> {
  if (process.socket === undefined) throw new CliError(`shim ${process.pid} has no socket`);
  return await IntrospectionClient.connect(process.socket);
}
