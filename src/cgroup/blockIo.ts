import { readIfPresent } from './controlFile.ts';
import { parseUnsigned64, type Unsigned64 } from './unsigned64.ts';

/** One line of a blkio file of cgroup v1. `op` is empty where the file does not tell operations apart. */
export interface BlockIoEntry {
  op: string;
  device: string;
  major: Unsigned64;
  minor: Unsigned64;
  value: Unsigned64;
}

/** Device paths by `major:minor`. */
export type BlockDevices = ReadonlyMap<string, string>;

/**
 * Parses /proc/partitions. Where a number is listed twice the first name counts, as in containerd's
 * cgroups library.
 */
export function parsePartitions(text: string): BlockDevices {
  const devices = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [major, minor, , name] = line.trim().split(/\s+/);
    if (major === undefined || minor === undefined || name === undefined) continue;
    if (!/^\d+$/.test(major)) continue;
    const number = `${major}:${minor}`;
    if (!devices.has(number)) devices.set(number, `/dev/${name}`);
  }
  return devices;
}

/** Parses lines of `8:0 Read 4096` or `8:0 4096`; `Total` lines and anything else are left out. */
export function parseBlockIo(text: string, devices: BlockDevices): BlockIoEntry[] {
  const entries: BlockIoEntry[] = [];
  for (const line of text.split('\n')) {
    const match = /^\s*(\d+):(\d+)(?:\s+([A-Za-z]+))?\s+(\d+)\s*$/.exec(line);
    if (match === null) continue;
    const [, majorText = '', minorText = '', op = '', valueText = ''] = match;
    const major = parseUnsigned64(majorText);
    const minor = parseUnsigned64(minorText);
    const value = parseUnsigned64(valueText);
    if (major === undefined || minor === undefined || value === undefined) continue;
    const device = devices.get(`${majorText}:${minorText}`) ?? '';
    entries.push({ op, device, major, minor, value });
  }
  return entries;
}

/** The entries of a file, none when it is missing. */
export function readBlockIo(path: string, devices: BlockDevices): BlockIoEntry[] {
  const text = readIfPresent(path);
  return text === undefined ? [] : parseBlockIo(text, devices);
}
