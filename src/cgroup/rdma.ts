import { readIfPresent } from './controlFile.ts';

const unlimitedHandles = 0xffff_ffff;

export interface RdmaEntry {
  device: string;
  hcaHandles: number;
  hcaObjects: number;
}

/**
 * Parses rdma.current or rdma.max: `mlx4_0 hca_handle=2 hca_object=2000`. These are 32-bit fields;
 * `max` is 2^32-1 (contract 5.13).
 */
export function parseRdma(text: string): RdmaEntry[] {
  const entries: RdmaEntry[] = [];
  for (const line of text.split('\n')) {
    const [device, ...pairs] = line.trim().split(/\s+/);
    if (device === undefined || pairs.length !== 2) continue;
    const entry: RdmaEntry = { device, hcaHandles: 0, hcaObjects: 0 };
    for (const pair of pairs) {
      const value = parseCount(pair.slice(pair.indexOf('=') + 1));
      if (value === undefined) continue;
      if (pair.startsWith('hca_handle=')) entry.hcaHandles = value;
      if (pair.startsWith('hca_object=')) entry.hcaObjects = value;
    }
    entries.push(entry);
  }
  return entries;
}

/** The entries of a file, undefined when it is missing. */
export function readRdma(path: string): RdmaEntry[] | undefined {
  const text = readIfPresent(path);
  return text === undefined ? undefined : parseRdma(text);
}

function parseCount(text: string): number | undefined {
  if (text === 'max') return unlimitedHandles;
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const count = Number(text);
  return count > unlimitedHandles ? undefined : count;
}
