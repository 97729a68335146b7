import type { Random } from './random.ts';

const LARGEST = 128 * 1024;
const MOST_MUTATIONS = 5;

/** Numbers at the edges of what fields hold. */
const EDGES = [
  0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x40_0000, 0x40_0001, 0x7fff_ffff, 0xffff_ffff,
];

/** Pieces that break parsers of bytes: varints without an end, groups that open, tags of no field, UTF-8 that is none. */
const PIECES: readonly (readonly number[])[] = [
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
  [0x0b],
  [0x0c],
  [0x00],
  [0x06, 0x07],
  [0x0a, 0xff, 0xff, 0xff, 0xff, 0x07],
  [0xc3, 0x28],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xef, 0xbb, 0xbf],
  [0x0a],
  [0x0d, 0x0a],
  [0x5c],
  [0x22],
];

type Mutation = (random: Random, input: Uint8Array, other: Uint8Array) => Uint8Array;

const MUTATIONS: readonly Mutation[] = [
  function flipBit(random, input) {
    const output = input.slice();
    const at = random.below(output.length);
    output[at] = (output[at] ?? 0) ^ (1 << random.below(8));
    return output;
  },
  function setByte(random, input) {
    const output = input.slice();
    if (output.length > 0) output[random.below(output.length)] = random.below(256);
    return output;
  },
  function setNumber(random, input) {
    const output = input.slice();
    const at = random.below(output.length);
    const size = random.pick([1, 2, 4]);
    if (at + size > output.length) return output;
    const view = new DataView(output.buffer, output.byteOffset);
    const value = random.pick(EDGES);
    if (size === 1) view.setUint8(at, value & 0xff);
    else if (size === 2) view.setUint16(at, value & 0xffff, random.oneIn(2));
    else view.setUint32(at, value, random.oneIn(2));
    return output;
  },
  function truncate(random, input) {
    return input.slice(0, random.below(input.length + 1));
  },
  function remove(random, input) {
    const from = random.below(input.length);
    return join(input.subarray(0, from), input.subarray(from + 1 + random.below(16)));
  },
  function repeat(random, input) {
    const from = random.below(input.length);
    const piece = input.subarray(from, from + 1 + random.below(32));
    return insert(input, from, ...Array.from({ length: 1 + random.below(40) }, () => piece));
  },
  function splice(random, input, other) {
    const tail = other.subarray(random.below(other.length + 1));
    return join(input.subarray(0, random.below(input.length + 1)), tail);
  },
  function noise(random, input) {
    return insert(input, random.below(input.length + 1), random.bytes(1 + random.below(12)));
  },
  function piece(random, input) {
    const bytes = Uint8Array.from(random.pick(PIECES));
    return insert(input, random.below(input.length + 1), bytes);
  },
];

/** Spoils one of the samples, in one to five ways. Words are what the format is made of, such as keys and brackets. */
export function mutate(
  random: Random,
  samples: readonly Uint8Array[],
  words: readonly string[] = [],
): Uint8Array {
  let input = random.pick(samples);
  const times = 1 + random.below(MOST_MUTATIONS);
  for (let time = 0; time < times; time += 1) {
    input =
      words.length > 0 && random.oneIn(4)
        ? insertWords(random, input, words)
        : random.pick(MUTATIONS)(random, input, random.pick(samples));
  }
  return input.slice(0, LARGEST);
}

/** Now and then so many that they nest deeper than any stack. */
function insertWords(random: Random, input: Uint8Array, words: readonly string[]): Uint8Array {
  const word = random.pick(words);
  const times = random.oneIn(10) ? 1000 * (1 + random.below(30)) : 1 + random.below(3);
  const bytes = new TextEncoder().encode(word.repeat(times));
  return insert(input, random.below(input.length + 1), bytes);
}

function insert(input: Uint8Array, at: number, ...pieces: readonly Uint8Array[]): Uint8Array {
  return join(input.subarray(0, at), ...pieces, input.subarray(at));
}

function join(...pieces: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces));
}
