export type Colour = 'green' | 'yellow' | 'red' | 'cyan' | 'dim' | 'bold';

const codes: Readonly<Record<Colour, number>> = {
  bold: 1,
  dim: 2,
  red: 31,
  green: 32,
  yellow: 33,
  cyan: 36,
};

const escapeCharacter = '\u001b';

/** Colours a text, or leaves it as it is. */
export type Style = (colour: Colour, text: string) => string;

export const plain: Style = (_colour, text) => text;
export const coloured: Style = (colour, text) =>
  `${escapeCharacter}[${codes[colour]}m${text}${escapeCharacter}[0m`;

/** Colours are for terminals, and NO_COLOR (https://no-color.org) turns them off. */
export function chooseStyle(
  isTerminal: boolean,
  environment: Readonly<Record<string, string | undefined>>,
): Style {
  const { NO_COLOR: noColour = '', TERM: terminal } = environment;
  return isTerminal && noColour === '' && terminal !== 'dumb' ? coloured : plain;
}

const stateColours: ReadonlyMap<string, Colour> = new Map([
  ['created', 'cyan'],
  ['running', 'green'],
  ['pausing', 'yellow'],
  ['paused', 'yellow'],
  ['stopped', 'red'],
]);

/** A container's or exec's state in its colour. */
export function stateText(style: Style, state: string): string {
  return style(stateColours.get(state) ?? 'dim', state);
}

/**
 * The text with what could steer a terminal made visible: error texts quote whatever a runtime printed.
 */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\t') return ' ';
    return `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`;
  });
}
