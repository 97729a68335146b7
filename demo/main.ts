import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { Containerd, runtimeUnderTest } from '../test/support/containerd.ts';
import { print, title } from './narrator.ts';
import { cleanUp } from './scenes/cleanUp.ts';
import { daemonCrash } from './scenes/daemonCrash.ts';
import { dump } from './scenes/dump.ts';
import { events } from './scenes/events.ts';
import { exec } from './scenes/exec.ts';
import { exitCodes } from './scenes/exitCodes.ts';
import { startPod } from './scenes/pod.ts';
import { terminal } from './scenes/terminal.ts';

const started = performance.now();
let containerd: Containerd | undefined;
let stopping: Promise<void> | undefined;

/** Whatever way the demonstration ends, its daemon, shims, containers and files go. */
function stop(): Promise<void> {
  stopping ??= containerd?.stop() ?? Promise.resolve();
  return stopping;
}

async function interrupted(signal: NodeJS.Signals): Promise<void> {
  print(`\n${signal}: cleaning up`);
  await stop();
  print(leftBehind());
  process.exit(130);
}

function leftBehind(): string {
  const directory = containerd?.directory ?? '';
  return existsSync(directory) ? `left behind: ${directory}` : 'nothing is left behind';
}

async function play(): Promise<void> {
  title('podshim: a containerd shim, shown on a containerd of its own');
  containerd = Containerd.prepare();
  await containerd.launch();
  print(`containerd ${containerd.pid}, everything of it below ${containerd.directory}`);
  print(`runtime ${runtimeUnderTest}, namespace ${containerd.namespace}`);
  const stream = await containerd.events();
  const pod = await startPod(containerd);
  await exec(pod);
  await terminal(pod);
  await exitCodes(pod);
  await events(pod, stream);
  await dump(pod);
  await stream.close();
  await daemonCrash(pod);
  await cleanUp(pod);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => void interrupted(signal));
}
try {
  await play();
  await stop();
  print(`\nDone in ${((performance.now() - started) / 1000).toFixed(1)} s; ${leftBehind()}.`);
} catch (error) {
  // Ctrl-C ends the commands under way as well; its signal may be told to us a moment after their ends.
  await setTimeout(100);
  if (stopping === undefined) {
    print(`\nThe demonstration failed: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
  await stop();
}
