import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  FrameParser,
  type FrameReceiver,
  headerLength,
  maximumLength,
  writeHeader,
} from '../../../src/ttrpc/frame.ts';

interface Frame {
  streamId: number;
  type: number;
  flags: number;
  data: Uint8Array;
}

class Collector implements FrameReceiver {
  readonly seen: (Frame | { streamId: number; tooLong: number })[] = [];
  /** Places of the frames' data, to see that nothing was copied. */
  readonly sources: Uint8Array[] = [];
  afterFrame = (): void => {};

  frame(id: number, type: number, flags: number, bytes: Uint8Array, start: number, end: number) {
    this.seen.push({ streamId: id, type, flags, data: bytes.slice(start, end) });
    this.sources.push(bytes);
    this.afterFrame();
  }

  overLong(streamId: number, length: number): void {
    this.seen.push({ streamId, tooLong: length });
  }
}

function encode(frames: readonly Frame[]): Uint8Array {
  const size = frames.reduce((sum, frame) => sum + headerLength + frame.data.length, 0);
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const { streamId, type, flags, data } of frames) {
    writeHeader(bytes, offset, data.length, streamId, type, flags);
    bytes.set(data, offset + headerLength);
    offset += headerLength + data.length;
  }
  return bytes;
}

const byte = fc.integer({ min: 0, max: 255 });
const frames = fc.array(
  fc.record(
    {
      streamId: fc.integer({ min: 0, max: 0xffff_ffff }),
      type: byte,
      flags: byte,
      data: fc.uint8Array({ maxLength: 100 }),
    },
    { noNullPrototype: true },
  ),
);

function* chunksOf(bytes: Uint8Array, sizes: readonly number[]): Iterable<Uint8Array> {
  let at = 0;
  for (let turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

const chunking = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 });

describe('FrameParser', () => {
  test('gives the same frames however the bytes are cut', () => {
    fc.assert(
      fc.property(frames, chunking, (expected, sizes) => {
        const collector = new Collector();
        const parser = new FrameParser(collector);
        for (const chunk of chunksOf(encode(expected), sizes)) parser.push(chunk);
        assert.deepEqual(collector.seen, expected);
      }),
    );
  });

  test('gives them also when it is paused after any of them', () => {
    fc.assert(
      fc.property(frames, chunking, (expected, sizes) => {
        const collector = new Collector();
        const parser = new FrameParser(collector);
        collector.afterFrame = () => parser.pause();
        // The chunk is overwritten after each push: what the parser keeps must be its own.
        const scratch = new Uint8Array(60);
        for (const chunk of chunksOf(encode(expected), sizes)) {
          scratch.set(chunk);
          parser.push(scratch.subarray(0, chunk.length));
          scratch.fill(0xee);
        }
        for (let turn = 0; turn <= expected.length; turn += 1) parser.resume();
        assert.deepEqual(collector.seen, expected);
      }),
    );
  });

  test('hands on a frame within a chunk where it lies', () => {
    const collector = new Collector();
    const chunk = encode([
      { streamId: 1, type: 1, flags: 0, data: new Uint8Array(5) },
      { streamId: 3, type: 1, flags: 0, data: new Uint8Array(0) },
    ]);
    new FrameParser(collector).push(chunk);
    assert.equal(collector.sources.length, 2);
    for (const source of collector.sources) assert.equal(source, chunk);
  });

  test('takes the longest frame there may be', () => {
    const collector = new Collector();
    const parser = new FrameParser(collector);
    const data = new Uint8Array(maximumLength).fill(7);
    const bytes = encode([{ streamId: 1, type: 1, flags: 0, data }]);
    for (const chunk of chunksOf(bytes, [65_536])) parser.push(chunk);
    const [frame] = collector.seen;
    assert.ok(frame !== undefined && 'data' in frame && frame.data.length === maximumLength);
  });

  test('skips one that is too long, and goes on behind it', () => {
    const length = maximumLength + 1;
    const header = new Uint8Array(headerLength);
    writeHeader(header, 0, length, 5, 1, 0);
    const next = { streamId: 7, type: 1, flags: 0, data: Uint8Array.of(1) };
    for (const size of [1, 9, 10, 11]) {
      const collector = new Collector();
      const parser = new FrameParser(collector);
      for (const chunk of chunksOf(header, [size])) parser.push(chunk);
      for (let left = length; left > 0; left -= 65_536) {
        parser.push(new Uint8Array(Math.min(left, 65_536)));
      }
      parser.push(encode([next]));
      assert.deepEqual(collector.seen, [{ streamId: 5, tooLong: length }, next]);
    }
  });

  test('keeps half a frame to itself', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 50 }), fc.nat(), (data, cut) => {
        const collector = new Collector();
        const bytes = encode([{ streamId: 1, type: 1, flags: 0, data }]);
        new FrameParser(collector).push(bytes.subarray(0, cut % bytes.length));
        assert.deepEqual(collector.seen, []);
      }),
    );
  });

  test('survives garbage', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 500 })), (chunks) => {
        const parser = new FrameParser(new Collector());
        for (const chunk of chunks) parser.push(chunk);
      }),
    );
  });

  test('gives nothing once it is stopped, not even from the same chunk', () => {
    const collector = new Collector();
    const parser = new FrameParser(collector);
    collector.afterFrame = () => parser.stop();
    const frame = { streamId: 1, type: 1, flags: 0, data: new Uint8Array(3) };
    const bytes = encode([frame, frame]);
    parser.push(bytes);
    parser.push(bytes);
    parser.resume();
    assert.equal(collector.seen.length, 1);
  });
});
