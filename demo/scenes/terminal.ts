import { command, finding, output, step } from '../narrator.ts';
import type { Pod } from './pod.ts';

const PROMPT = /# (\x1b\[[0-9;]*[A-Za-z])*$/;
const ESCAPE_SEQUENCES = /\x1b\[[0-9;?]*[A-Za-z]/g;

/** Types at a shell that runs on a terminal in the container. */
export async function terminal({ containerd, sidecar }: Pod): Promise<void> {
  step('A terminal session', 'A shell on a pseudo-terminal of 100 columns; what is typed is sent.');
  command(`ctr tasks exec -t --exec-id tty ${sidecar} sh`);
  const session = containerd.startCtrOnTerminal(
    ...['tasks', 'exec', ...containerd.fifoFlags(), '-t', '--exec-id', 'tty', sidecar],
    '/bin/sh',
  );
  await session.waitForOutput(PROMPT);
  for (const [typed, answer] of [
    ['tty', String.raw`/dev/pts/\d+\r+\n`],
    ['stty size', String.raw`30 100\r+\n`],
    ['echo $((6 * 7))', String.raw`\n42\r+\n`],
  ] as const) {
    session.write(`${typed}\n`);
    await session.waitForOutput(new RegExp(`${answer}[\\s\\S]*${PROMPT.source}`));
  }
  session.write('exit 4\n');
  const { stdout, status } = await session.finished;
  if (status !== 4) throw new Error(`the shell ended with ${status}: ${plain(stdout)}`);
  output(plain(stdout));
  finding(`the shell ended with ${status}`);
}

/** What a terminal would show: without escape sequences, and of a line written anew only its last form. */
function plain(text: string): string {
  return text
    .replaceAll(ESCAPE_SEQUENCES, '')
    .replaceAll(/\r+\n/g, '\n')
    .split('\n')
    .map((line) => line.slice(line.lastIndexOf('\r') + 1))
    .filter((line) => line !== '')
    .join('\n');
}
