import { command, finding, output, step } from '../narrator.ts';
import type { Pod } from './pod.ts';

/** Containers that end in different ways, each with the status a shell would give. */
export async function exitCodes({ containerd }: Pod): Promise<void> {
  step('Exit codes', 'Four containers of their own that end in four ways.');
  const lines: string[] = [];
  for (const [what, expected, argv] of [
    ['exits with 0', 0, ['/bin/true']],
    ['exits with 42', 42, ['/bin/sh', '-c', 'exit 42']],
    ['is killed by SIGKILL', 137, ['/bin/sleep', '1000']],
    ['crashes (SIGSEGV)', 139, ['/bin/crash']],
  ] as const) {
    const id = containerd.newId('exit');
    const running = containerd.startCtr(...containerd.runArguments(id, argv, '--rm'));
    if (expected === 137) {
      await containerd.waitForStatus(id, 'RUNNING');
      await containerd.ctrWell('tasks', 'kill', '-s', 'SIGKILL', id);
    }
    const { status, stderr } = await running.finished;
    if (status !== expected) throw new Error(`expected ${expected}, got ${status}: ${stderr}`);
    lines.push(`${what.padEnd(22)} ${status}`);
  }
  command('ctr run --rm ...; echo $?');
  output(lines.join('\n'));
  const id = containerd.newId('missing');
  command(`ctr run --rm ... ${id} /bin/nosuch`);
  const { stderr, status } = await containerd.run(id, ['/bin/nosuch'], '--rm');
  output(stderr.replace(/: (?=exec|stat)/g, ':\n  '));
  finding(`a program that is not there: ctr ends with ${status} and says why`);
}
