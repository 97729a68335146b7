import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PT_LOAD = 1;
const PF_X = 1;
const PAGE = 0x1000;
const ENTRY_OFFSET = 0x18;
/** `movabs $0, %r10`, up to the zeros. */
const LOAD_ENVIRON = Buffer.from([0x49, 0xba]);

/**
 * Puts our own first instructions (native/entry/) in front of a compiled binary's entry point. They go into the unused
 * bytes between two segments that the kernel maps as executable anyway, so nothing in the file moves.
 * Where there is no entry code for the machine's architecture, the binary stays as it is.
 */
export function addEntryPoint(root, binary) {
  const source = join(root, `native/entry/${process.arch === 'x64' ? 'x86_64' : process.arch}.S`);
  if (!existsSync(source)) return;
  const code = assemble(source);
  const file = readFileSync(binary);
  const gap = executableGap(file);
  if (gap.end - gap.start < code.length) {
    throw new Error(
      `${binary}: ${gap.end - gap.start} unused bytes before its code, ${code.length} are needed`,
    );
  }
  const offset = gap.end - code.length;
  const address = gap.address + (offset - gap.start);
  const entry = Number(file.readBigUInt64LE(ENTRY_OFFSET));
  // The code ends with a relative jump; its distance counts from the instruction after it.
  code.writeInt32LE(entry - (address + code.length), code.length - 4);
  code.writeBigUInt64LE(
    addressOf('environ', binary),
    code.indexOf(LOAD_ENVIRON) + LOAD_ENVIRON.length,
  );
  code.copy(file, offset);
  file.writeBigUInt64LE(BigInt(address), ENTRY_OFFSET);
  writeFileSync(binary, file);
}

function assemble(source) {
  const directory = mkdtempSync(join(tmpdir(), 'podshim-entry-'));
  try {
    const object = join(directory, 'entry.o');
    const flat = join(directory, 'entry.bin');
    execFileSync('cc', ['-c', '-o', object, source]);
    execFileSync('objcopy', ['-O', 'binary', '-j', '.text', object, flat]);
    return readFileSync(flat);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The program has a copy of the C library's variable, at a place of its own, which the C library uses as well. */
function addressOf(symbol, binary) {
  const table = execFileSync(
    'nm',
    ['--dynamic', '--defined-only', '--without-symbol-versions', binary],
    {
      encoding: 'utf8',
    },
  );
  const line = table.split('\n').find((text) => text.endsWith(` ${symbol}`));
  if (line === undefined) throw new Error(`${binary} has no copy of ${symbol}`);
  return BigInt(`0x${line.split(' ')[0]}`);
}

/** The zero bytes of the executable segment's first page that lie before the segment and after the one before it. */
function executableGap(file) {
  const segments = programHeaders(file).filter(({ type }) => type === PT_LOAD);
  const executable = segments.find(({ flags }) => (flags & PF_X) !== 0);
  if (executable === undefined) throw new Error('no executable segment');
  const pageStart = executable.offset - (executable.offset % PAGE);
  const before = segments
    .map((segment) => segment.offset + segment.size)
    .filter((end) => end <= executable.offset);
  const start = Math.max(pageStart, ...before);
  if (file.subarray(start, executable.offset).some((byte) => byte !== 0)) {
    throw new Error('the bytes before the executable segment are in use');
  }
  return {
    start,
    end: executable.offset,
    address: executable.address - (executable.offset - start),
  };
}

function programHeaders(file) {
  const table = Number(file.readBigUInt64LE(0x20));
  const size = file.readUInt16LE(0x36);
  return Array.from({ length: file.readUInt16LE(0x38) }, (_, index) => {
    const at = table + index * size;
    return {
      type: file.readUInt32LE(at),
      flags: file.readUInt32LE(at + 4),
      offset: Number(file.readBigUInt64LE(at + 8)),
      address: Number(file.readBigUInt64LE(at + 16)),
      size: Number(file.readBigUInt64LE(at + 32)),
    };
  });
}
