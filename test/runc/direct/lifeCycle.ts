import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupsBelow } from '../../support/cgroups.ts';
import { runWell } from '../../support/commands.ts';
import { takeDump } from '../../support/dumps.ts';
import type { ShimPod } from '../../support/shimPod.ts';
import { waitUntil } from '../../support/waiting.ts';

/** What somebody sees who looks at the machine between two calls. */
export interface Sight {
  readonly after: string;
  /** Below the runtime's root: names, kinds, permissions, and what lies in the files, without times and pids. */
  readonly state: readonly string[];
  readonly cgroups: readonly string[];
  /** What the runtime itself says of the container. */
  readonly list: string;
}

/** How a shim and its runtime are called. */
export interface Runtime {
  /** Path, as it stands in the options of the containers. */
  readonly binary: string;
  /** In whose mount namespace the runtime has to be run. */
  readonly prefix: readonly string[];
}

/** A container from create to delete, with a kill; what is to be seen after every step. */
export async function lifeCycle(pod: ShimPod, runtime: Runtime, id: string): Promise<Sight[]> {
  const { client } = pod;
  const sights: Sight[] = [];
  const look = async (step: string): Promise<void> => {
    sights.push(await lookAround(pod, runtime, id, step));
  };
  const options = pod.options({ binaryName: runtime.binary });
  await pod.create(
    {
      args: ['sleep', '1000'],
      request: { options },
    },
    id,
  );
  await look('create');
  await client.start(id);
  await look('start');
  await client.kill(id, 9);
  await client.wait(id);
  await look('exit');
  await client.delete(id);
  await look('delete');
  return sights;
}

async function lookAround(
  pod: ShimPod,
  runtime: Runtime,
  id: string,
  step: string,
): Promise<Sight> {
  const root = join(pod.runcRoot, pod.sandbox.namespace);
  const [program = '', ...words] = [...runtime.prefix, runtime.binary, '--root', root, 'list'];
  const stdout = await runWell(program, words);
  const line = stdout.split('\n').find((text) => text.startsWith(`${id} `)) ?? '';
  return {
    after: step,
    state: existsSync(root) ? describeTree(root, id) : [],
    cgroups: cgroupsBelow(pod.cgroup)
      .map((path) => withoutAccidents(path, id))
      .sort(),
    list: withoutAccidents(line, id)
      .replace(/ [1-9]\d*\b/, ' PID')
      .replaceAll(/ +/g, ' '),
  };
}

function describeTree(directory: string, id: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const path = join(directory, name);
      const status = statSync(path);
      const content = status.isFile() ? readFileSync(path, 'utf8') : '';
      return withoutAccidents(`${name} ${status.mode.toString(8)} ${content}`, id);
    });
}

/** Without times, and without numbers of processes and devices. */
function withoutAccidents(content: string, id: string): string {
  return content
    .replaceAll(id, 'ID')
    .replaceAll(/podshim-\w{6}/g, 'DIRECTORY')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/("(init_process_)?(pid|start|process-start-time)":\s*)\d+/g, '$1N')
    .replaceAll(/\/proc\/\d+\//g, '/proc/N/')
    .replaceAll(/pipe:\[\d+\]/g, 'pipe');
}

/** Runs containers until one is taken by the direct path: the runtime is asked for its version in the background. */
export async function untilRuntimeIsKnown(pod: ShimPod, binaryName = 'runc'): Promise<void> {
  const request = { options: pod.options({ binaryName }) };
  await waitUntil('the runtime is known', async () => {
    const { id } = await pod.run({ args: ['sleep', '1000'], request });
    await pod.remove(id);
    return (await commandsOf(pod, id)).join() === 'create';
  });
}

/** The commands that the shim has run, such as `start`, from its flight recorder. */
export async function commandsOf(pod: ShimPod, id: string): Promise<string[]> {
  const dump = await takeDump(pod.pid);
  const spawns = dump.split('\n').filter((line) => /\bspawn\b/.test(line) && line.includes(id));
  return spawns.map(
    (line) =>
      /\b(create|start|kill|delete|exec|state)\b/.exec(line.slice(line.indexOf('spawn')))?.[1] ??
      line,
  );
}
