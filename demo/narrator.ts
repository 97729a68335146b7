const WIDTH = 78;
const colours = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;

const paint = (code: number, text: string) => (colours ? `\x1b[${code}m${text}\x1b[0m` : text);

let steps = 0;

/** Announces the next step: a numbered heading and what is about to be shown. */
export function step(title: string, text: string): void {
  steps += 1;
  print('');
  print(paint(1, `${steps}. ${title}`));
  print(wrap(text, 3));
}

/** A command as a person would type it. */
export function command(text: string): void {
  print(paint(36, `   $ ${clip(text, 5)}`));
}

/** What a command printed, line by line. */
export function output(text: string): void {
  for (const line of text.trimEnd().split('\n')) print(`     ${clip(line.trimEnd(), 5)}`);
}

/** What was just seen means this. */
export function finding(text: string): void {
  print(paint(32, wrap(text, 3, '=> ')));
}

export function title(text: string): void {
  print(paint(1, text));
  print(paint(1, '='.repeat(Math.min(text.length, WIDTH))));
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Breaks text at spaces so that it fits the width with the indentation. */
function wrap(text: string, indentation: number, mark = ''): string {
  const lines: string[] = [];
  let line = mark;
  for (const word of text.split(/\s+/)) {
    if (line.length + word.length + indentation > WIDTH) {
      lines.push(line.trimEnd());
      line = ' '.repeat(mark.length);
    }
    line += `${word} `;
  }
  lines.push(line.trimEnd());
  return lines.map((each) => ' '.repeat(indentation) + each).join('\n');
}

function clip(line: string, indentation: number): string {
  const room = WIDTH - indentation;
  return line.length > room ? `${line.slice(0, room - 3)}...` : line;
}
