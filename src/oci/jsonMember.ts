/**
 * Sets a member of a JSON object in its text. Parsing and printing would do for the member, but not for the rest:
 * an OCI process holds 64-bit limits that a JavaScript number rounds.
 */

function skipSpace(text: string, index: number): number {
  let at = index;
  while (/\s/.test(text[at] ?? '')) at++;
  return at;
}

/** Index after the string that starts at `index`. */
function skipString(text: string, index: number): number {
  let at = index + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** Index after the value that starts at `index`: at the comma or bracket that follows it, or at space before that. */
function skipValue(text: string, index: number): number {
  let depth = 0;
  let at = index;
  while (at < text.length) {
    const character = text[at] ?? '';
    if (character === '"') {
      at = skipString(text, at);
      if (depth === 0) return at;
      continue;
    }
    if (depth === 0 && (character === ',' || character === '}' || /\s/.test(character))) return at;
    if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') {
      depth--;
      if (depth === 0) return at + 1;
    }
    at++;
  }
  return at;
}

/**
 * @param text a valid JSON object
 * @param value JSON text of the new value
 * @returns the same text with every top-level member called `name` set to `value`, or with that member added.
 */
export function withMember(text: string, name: string, value: string): string {
  const open = skipSpace(text, 0);
  let result = '';
  let copied = 0;
  let at = skipSpace(text, open + 1);
  const empty = text[at] === '}';
  let found = false;
  while (text[at] === '"') {
    const keyEnd = skipString(text, at);
    const key: unknown = JSON.parse(text.slice(at, keyEnd));
    const valueStart = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const valueEnd = skipValue(text, valueStart);
    if (key === name) {
      result += text.slice(copied, valueStart) + value;
      copied = valueEnd;
      found = true;
    }
    at = skipSpace(text, valueEnd);
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  if (found) return result + text.slice(copied);
  const member = `${JSON.stringify(name)}:${value}${empty ? '' : ','}`;
  return text.slice(0, open + 1) + member + text.slice(open + 1);
}
