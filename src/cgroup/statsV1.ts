import { type BlockDevices, parsePartitions, readBlockIo } from './blockIo.ts';
import { readIfPresent, readSingleValue } from './controlFile.ts';
import { hugePageSizes } from './hugePages.ts';
import { readKeyValues } from './keyValues.ts';
import { readRdma } from './rdma.ts';
import { multiply, parseUnsigned64, type Unsigned64 } from './unsigned64.ts';

/** The cgroup's directory for each subsystem (`memory`, `cpu`, …) that has one. */
export type SubsystemDirectories = ReadonlyMap<string, string>;

/** Where facts about the machine come from; tests bring their own. */
export interface MachineFacts {
  readonly partitions: string;
  readonly pageSizes: readonly string[];
}

/** USER_HZ, which is 100 on every Linux (contract 5.13). */
const ticksPerSecond = 100;
const nanosecondsPerTick = 1_000_000_000 / ticksPerSecond;

/**
 * Reads the fields of `io.containerd.cgroups.v1.Metrics` (contract 5.13). A subsystem without a
 * directory, or a missing file, leaves its part out. `max` is 0 here, unlike in v2: containerd's v1
 * library keeps it so for compatibility.
 */
export function readStatsV1(directories: SubsystemDirectories, facts?: MachineFacts) {
  const machine = facts ?? { partitions: '/proc/partitions', pageSizes: hugePageSizes() };
  const cpuacct = directories.get('cpuacct');
  return {
    cpu: {
      usage: cpuacct === undefined ? {} : readCpuUsage(cpuacct),
      throttling: readThrottling(directories.get('cpu')),
    },
    ...whenPresent(directories.get('hugetlb'), (directory) => readHugePages(directory, machine)),
    ...whenPresent(directories.get('pids'), readPids),
    ...whenPresent(directories.get('memory'), readMemory),
    ...whenPresent(directories.get('blkio'), (directory) => readBlkio(directory, machine)),
    ...whenPresent(directories.get('rdma'), readRdmaUsage),
  };
}

function whenPresent<T>(
  directory: string | undefined,
  read: (directory: string) => T,
): T | Record<string, never> {
  return directory === undefined ? {} : read(directory);
}

function readCpuUsage(directory: string) {
  const ticks = readKeyValues(`${directory}/cpuacct.stat`);
  const perCpu: Unsigned64[] = [];
  for (const field of (readIfPresent(`${directory}/cpuacct.usage_percpu`) ?? '').split(/\s+/)) {
    const value = parseUnsigned64(field);
    if (value !== undefined) perCpu.push(value);
  }
  return {
    total: readNumber(`${directory}/cpuacct.usage`),
    kernel: multiply(ticks?.get('system') ?? 0, nanosecondsPerTick),
    user: multiply(ticks?.get('user') ?? 0, nanosecondsPerTick),
    perCpu,
  };
}

function readThrottling(directory: string | undefined) {
  const values = directory === undefined ? undefined : readKeyValues(`${directory}/cpu.stat`);
  return {
    periods: values?.get('nr_periods') ?? 0,
    throttledPeriods: values?.get('nr_throttled') ?? 0,
    throttledTime: values?.get('throttled_time') ?? 0,
  };
}

function readHugePages(directory: string, machine: MachineFacts) {
  const hugetlb = [];
  for (const pagesize of machine.pageSizes) {
    const prefix = `${directory}/hugetlb.${pagesize}`;
    const usage = readSingleValue(`${prefix}.usage_in_bytes`, 0);
    if (usage === undefined) continue;
    hugetlb.push({
      usage,
      max: readNumber(`${prefix}.max_usage_in_bytes`),
      failcnt: readNumber(`${prefix}.failcnt`),
      pagesize,
    });
  }
  return { hugetlb };
}

function readPids(directory: string) {
  const current = readSingleValue(`${directory}/pids.current`, 0);
  const limit = readSingleValue(`${directory}/pids.max`, 0);
  return current === undefined || limit === undefined ? {} : { pids: { current, limit } };
}

function readMemory(directory: string) {
  const values = readKeyValues(`${directory}/memory.stat`);
  if (values === undefined) return {};
  const value = (key: string): Unsigned64 => values.get(key) ?? 0;
  return {
    memory: {
      cache: value('cache'),
      rss: value('rss'),
      rssHuge: value('rss_huge'),
      mappedFile: value('mapped_file'),
      dirty: value('dirty'),
      writeback: value('writeback'),
      pgPgIn: value('pgpgin'),
      pgPgOut: value('pgpgout'),
      pgFault: value('pgfault'),
      pgMajFault: value('pgmajfault'),
      inactiveAnon: value('inactive_anon'),
      activeAnon: value('active_anon'),
      inactiveFile: value('inactive_file'),
      activeFile: value('active_file'),
      unevictable: value('unevictable'),
      hierarchicalMemoryLimit: value('hierarchical_memory_limit'),
      hierarchicalSwapLimit: value('hierarchical_memsw_limit'),
      totalCache: value('total_cache'),
      totalRss: value('total_rss'),
      totalRssHuge: value('total_rss_huge'),
      totalMappedFile: value('total_mapped_file'),
      totalDirty: value('total_dirty'),
      totalWriteback: value('total_writeback'),
      totalPgPgIn: value('total_pgpgin'),
      totalPgPgOut: value('total_pgpgout'),
      totalPgFault: value('total_pgfault'),
      totalPgMajFault: value('total_pgmajfault'),
      totalInactiveAnon: value('total_inactive_anon'),
      totalActiveAnon: value('total_active_anon'),
      totalInactiveFile: value('total_inactive_file'),
      totalActiveFile: value('total_active_file'),
      totalUnevictable: value('total_unevictable'),
      usage: readMemoryEntry(`${directory}/memory`),
      swap: readMemoryEntry(`${directory}/memory.memsw`),
      kernel: readMemoryEntry(`${directory}/memory.kmem`),
      kernelTcp: readMemoryEntry(`${directory}/memory.kmem.tcp`),
    },
    ...readOomControl(directory),
  };
}

function readMemoryEntry(prefix: string) {
  return {
    limit: readNumber(`${prefix}.limit_in_bytes`),
    usage: readNumber(`${prefix}.usage_in_bytes`),
    max: readNumber(`${prefix}.max_usage_in_bytes`),
    failcnt: readNumber(`${prefix}.failcnt`),
  };
}

function readOomControl(directory: string) {
  const values = readKeyValues(`${directory}/memory.oom_control`);
  if (values === undefined) return {};
  return {
    memoryOomControl: {
      oomKillDisable: values.get('oom_kill_disable') ?? 0,
      underOom: values.get('under_oom') ?? 0,
      oomKill: values.get('oom_kill') ?? 0,
    },
  };
}

function readBlkio(directory: string, machine: MachineFacts) {
  const devices = parsePartitions(readIfPresent(machine.partitions) ?? '');
  const blkio = readScheduled(directory, devices);
  if (Object.values(blkio).some((entries) => entries.length > 0)) return { blkio };
  // A cgroup whose devices use another scheduler than CFQ has its numbers in the throttle files only.
  return {
    blkio: {
      ioServiceBytesRecursive: readBlockIo(`${directory}/blkio.throttle.io_service_bytes`, devices),
      ioServicedRecursive: readBlockIo(`${directory}/blkio.throttle.io_serviced`, devices),
    },
  };
}

function readScheduled(directory: string, devices: BlockDevices) {
  const prefix = `${directory}/blkio`;
  if (readIfPresent(`${prefix}.io_serviced_recursive`) === undefined) return {};
  return {
    ioServiceBytesRecursive: readBlockIo(`${prefix}.io_service_bytes_recursive`, devices),
    ioServicedRecursive: readBlockIo(`${prefix}.io_serviced_recursive`, devices),
    ioQueuedRecursive: readBlockIo(`${prefix}.io_queued_recursive`, devices),
    ioServiceTimeRecursive: readBlockIo(`${prefix}.io_service_time_recursive`, devices),
    ioWaitTimeRecursive: readBlockIo(`${prefix}.io_wait_time_recursive`, devices),
    ioMergedRecursive: readBlockIo(`${prefix}.io_merged_recursive`, devices),
    ioTimeRecursive: readBlockIo(`${prefix}.time_recursive`, devices),
    sectorsRecursive: readBlockIo(`${prefix}.sectors_recursive`, devices),
  };
}

function readRdmaUsage(directory: string) {
  const current = readRdma(`${directory}/rdma.current`);
  const limit = readRdma(`${directory}/rdma.max`);
  return current === undefined || limit === undefined ? {} : { rdma: { current, limit } };
}

function readNumber(path: string): Unsigned64 {
  return readSingleValue(path, 0) ?? 0;
}
