import { reasonOf } from '../platform/reason.ts';
import { O_RDONLY } from '../posix/constants.ts';
import { closeFile, openFile, readSome } from '../posix/files.ts';
import { fileStatus } from '../posix/paths.ts';

const blockBytes = 64 * 1024;
const newline = 0x0a;

/** What is wrong with a log that holds no usable error record, in the words of Go's JSON decoder. */
type Defect = string | undefined;

interface Pieces {
  /** Text of each complete object, in order; whether it is valid JSON is not known yet. */
  readonly objects: readonly string[];
  readonly defect: Defect;
}

/**
 * Cuts a sequence of JSON objects apart in one pass. Runtimes write one record a line, but a killed one leaves half
 * a record behind, and wrappers print plain lines in between: both are skipped, up to the next line that starts a
 * record.
 */
function splitObjects(text: string): Pieces {
  const objects: string[] = [];
  let defect: Defect;
  let depth = 0;
  let start = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (depth === 0) {
      if (character === '{') {
        start = index;
        depth = 1;
      } else if (character !== undefined && character.trim() !== '') {
        defect ??= `invalid character '${character}' looking for beginning of value`;
        const lineEnd = text.indexOf('\n', index);
        index = lineEnd === -1 ? text.length : lineEnd;
      }
    } else if (inString) {
      if (character === '\\' && text[index + 1] !== '\n') index++;
      else if (character === '"') inString = false;
      else if (character === '\n') {
        defect ??= "invalid character '\\n' in string literal";
        inString = false;
        depth = 0;
      }
    } else if (character === '"') inString = true;
    else if (character === '{') depth++;
    else if (character === '}') {
      depth--;
      if (depth === 0) objects.push(text.slice(start, index + 1));
    } else if (character === '\n' && text[index + 1] === '{') {
      defect ??= 'unexpected EOF';
      depth = 0;
    }
  }
  if (depth > 0) defect ??= 'unexpected EOF';
  return { objects, defect };
}

/** The trimmed message when `text` is an error record; undefined for other records. Throws when it is not JSON. */
function errorMessageOf(text: string): string | undefined {
  const record: unknown = JSON.parse(text);
  if (typeof record !== 'object' || record === null) return undefined;
  const { level, msg } = record as { level?: unknown; msg?: unknown };
  return level === 'error' && typeof msg === 'string' ? msg.trim() : undefined;
}

/**
 * The message of the last record with level `error` (contract 8.2); empty when there is none.
 * @throws Error in the words of Go's decoder, when there is none and parts of the text are no records.
 */
export function lastErrorMessage(text: string): string {
  const pieces = splitObjects(text);
  let defect = pieces.defect;
  for (let index = pieces.objects.length - 1; index >= 0; index--) {
    try {
      const message = errorMessageOf(pieces.objects[index] ?? '');
      if (message !== undefined) return message;
    } catch (error) {
      defect ??= reasonOf(error);
    }
  }
  if (defect !== undefined) throw new Error(defect);
  return '';
}

/**
 * Reads what follows the first `from` bytes. Of a long text only the end, from the start of a line: parsing is slow,
 * and the last error is near the end.
 */
function readTail(path: string, from: number): Uint8Array {
  const descriptor = openFile(path, O_RDONLY);
  try {
    const skip = from > fileStatus(descriptor).size ? 0 : from;
    let position = 0;
    let kept: Uint8Array[] = [];
    let cut = false;
    for (;;) {
      const block = readSome(descriptor, blockBytes);
      if (block === undefined || block.length === 0) break;
      const skipped = Math.min(block.length, Math.max(0, skip - position));
      position += block.length;
      if (skipped === block.length) continue;
      cut ||= kept.length === 2;
      kept = [...kept.slice(-1), block.subarray(skipped)];
    }
    const tail = concatenated(kept);
    return cut ? tail.subarray(tail.indexOf(newline) + 1) : tail;
  } finally {
    closeFile(descriptor);
  }
}

function concatenated(blocks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(blocks.reduce((length, block) => length + block.length, 0));
  let position = 0;
  for (const block of blocks) {
    whole.set(block, position);
    position += block.length;
  }
  return whole;
}

/**
 * The last error that a runtime wrote to its log after the log was `from` bytes long. Older records tell of other
 * failures. A log that has shrunk since was replaced, and counts from its start.
 * @throws SystemError when the log cannot be read; Error when it holds something else than records.
 */
export function readLastError(path: string, from: number): string {
  return lastErrorMessage(new TextDecoder().decode(readTail(path, from)));
}
