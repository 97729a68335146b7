import { readIfPresent, readSingleValue } from './controlFile.ts';
import { hugePageSizes } from './hugePages.ts';
import { readKeyValues } from './keyValues.ts';
import { type Pressure, readPressure } from './pressure.ts';
import { type RdmaEntry, readRdma } from './rdma.ts';
import { parseUnsigned64, type Unsigned64, unlimited } from './unsigned64.ts';

/** One device's line of io.stat: bytes and requests. */
export interface IoEntry {
  major: Unsigned64;
  minor: Unsigned64;
  rbytes: Unsigned64;
  wbytes: Unsigned64;
  rios: Unsigned64;
  wios: Unsigned64;
}

/**
 * Reads the fields of `io.containerd.cgroups.v2.Metrics` from a cgroup's directory (contract 5.13).
 * Files that are missing give zeros or leave their part out, also when the whole cgroup is gone.
 */
export function readStatsV2(directory: string, pageSizes: readonly string[] = hugePageSizes()) {
  return {
    pids: {
      current: readNumber(`${directory}/pids.current`),
      limit: readNumber(`${directory}/pids.max`),
    },
    cpu: readCpu(directory),
    memory: readMemory(directory),
    rdma: readRdmaUsage(directory),
    io: { usage: readIo(`${directory}/io.stat`), ...psi(readPressure(`${directory}/io.pressure`)) },
    hugetlb: pageSizes.map((size) => readHugePages(directory, size)),
    ...readMemoryEvents(directory),
  };
}

/** Parses io.stat: `8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6`. */
export function parseIo(text: string): IoEntry[] {
  const entries: IoEntry[] = [];
  for (const line of text.split('\n')) {
    const [device = '', ...pairs] = line.trim().split(/\s+/);
    const [majorText = '', minorText = ''] = device.split(':');
    const major = parseUnsigned64(majorText);
    const minor = parseUnsigned64(minorText);
    if (major === undefined || minor === undefined || pairs.length === 0) continue;
    const entry: IoEntry = { major, minor, rbytes: 0, wbytes: 0, rios: 0, wios: 0 };
    for (const pair of pairs) {
      const [key = '', digits = ''] = pair.split('=');
      const value = parseUnsigned64(digits);
      if (value === undefined) continue;
      if (key === 'rbytes' || key === 'wbytes' || key === 'rios' || key === 'wios') {
        entry[key] = value;
      }
    }
    entries.push(entry);
  }
  return entries;
}

function readCpu(directory: string) {
  const values = readKeyValues(`${directory}/cpu.stat`);
  if (values === undefined) return {};
  const value = (key: string): Unsigned64 => values.get(key) ?? 0;
  return {
    usageUsec: value('usage_usec'),
    userUsec: value('user_usec'),
    systemUsec: value('system_usec'),
    nrPeriods: value('nr_periods'),
    nrThrottled: value('nr_throttled'),
    throttledUsec: value('throttled_usec'),
    nrBursts: value('nr_bursts'),
    burstUsec: value('burst_usec'),
    ...psi(readPressure(`${directory}/cpu.pressure`)),
  };
}

function readMemory(directory: string) {
  const values = readKeyValues(`${directory}/memory.stat`);
  if (values === undefined) return {};
  const value = (key: string): Unsigned64 => values.get(key) ?? 0;
  return {
    anon: value('anon'),
    file: value('file'),
    kernelStack: value('kernel_stack'),
    slab: value('slab'),
    sock: value('sock'),
    shmem: value('shmem'),
    fileMapped: value('file_mapped'),
    fileDirty: value('file_dirty'),
    fileWriteback: value('file_writeback'),
    anonThp: value('anon_thp'),
    inactiveAnon: value('inactive_anon'),
    activeAnon: value('active_anon'),
    inactiveFile: value('inactive_file'),
    activeFile: value('active_file'),
    unevictable: value('unevictable'),
    slabReclaimable: value('slab_reclaimable'),
    slabUnreclaimable: value('slab_unreclaimable'),
    pgfault: value('pgfault'),
    pgmajfault: value('pgmajfault'),
    workingsetRefault: value('workingset_refault'),
    workingsetActivate: value('workingset_activate'),
    workingsetNodereclaim: value('workingset_nodereclaim'),
    pgrefill: value('pgrefill'),
    pgscan: value('pgscan'),
    pgsteal: value('pgsteal'),
    pgactivate: value('pgactivate'),
    pgdeactivate: value('pgdeactivate'),
    pglazyfree: value('pglazyfree'),
    pglazyfreed: value('pglazyfreed'),
    thpFaultAlloc: value('thp_fault_alloc'),
    thpCollapseAlloc: value('thp_collapse_alloc'),
    workingsetRefaultAnon: value('workingset_refault_anon'),
    workingsetRefaultFile: value('workingset_refault_file'),
    workingsetActivateAnon: value('workingset_activate_anon'),
    workingsetActivateFile: value('workingset_activate_file'),
    usage: readNumber(`${directory}/memory.current`),
    usageLimit: readNumber(`${directory}/memory.max`),
    maxUsage: readNumber(`${directory}/memory.peak`),
    swapUsage: readNumber(`${directory}/memory.swap.current`),
    swapLimit: readNumber(`${directory}/memory.swap.max`),
    swapMaxUsage: readNumber(`${directory}/memory.swap.peak`),
    ...psi(readPressure(`${directory}/memory.pressure`)),
  };
}

function readMemoryEvents(directory: string) {
  const values = readKeyValues(`${directory}/memory.events`);
  if (values === undefined || values.size === 0) return {};
  const value = (key: string): Unsigned64 => values.get(key) ?? 0;
  return {
    memoryEvents: {
      low: value('low'),
      high: value('high'),
      max: value('max'),
      oom: value('oom'),
      oomKill: value('oom_kill'),
      oomGroupKill: value('oom_group_kill'),
    },
  };
}

function readRdmaUsage(directory: string): { current: RdmaEntry[]; limit: RdmaEntry[] } {
  return {
    current: readRdma(`${directory}/rdma.current`) ?? [],
    limit: readRdma(`${directory}/rdma.max`) ?? [],
  };
}

function readHugePages(directory: string, pagesize: string) {
  const prefix = `${directory}/hugetlb.${pagesize}`;
  return {
    current: readNumber(`${prefix}.current`),
    max: readNumber(`${prefix}.max`),
    pagesize,
    failcnt: readKeyValues(`${prefix}.events`)?.get('max') ?? 0,
  };
}

function readIo(path: string): IoEntry[] {
  const text = readIfPresent(path);
  return text === undefined ? [] : parseIo(text);
}

function readNumber(path: string): Unsigned64 {
  return readSingleValue(path, unlimited) ?? 0;
}

function psi(pressure: Pressure | undefined): { psi?: Pressure } {
  return pressure === undefined ? {} : { psi: pressure };
}
