import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CgroupV2 } from '../../../src/cgroup/cgroup.ts';
import { readStatsV2 } from '../../../src/cgroup/statsV2.ts';
import { MetricsV2 } from '../../../src/proto/messages.ts';
import { camelCase, distinctValues, type Files, keyValueFile, withDirectory } from './fixture.ts';

const largest = 0xffff_ffff_ffff_ffffn;

const memoryKeys = [
  'anon file kernel_stack slab sock shmem file_mapped file_dirty file_writeback anon_thp',
  'inactive_anon active_anon inactive_file active_file unevictable slab_reclaimable',
  'slab_unreclaimable pgfault pgmajfault workingset_refault workingset_activate',
  'workingset_nodereclaim pgrefill pgscan pgsteal pgactivate pgdeactivate pglazyfree pglazyfreed',
  'thp_fault_alloc thp_collapse_alloc workingset_refault_anon workingset_refault_file',
  'workingset_activate_anon workingset_activate_file',
].flatMap((line) => line.split(' '));
const memoryFiles = {
  usage: 'memory.current',
  usageLimit: 'memory.max',
  maxUsage: 'memory.peak',
  swapUsage: 'memory.swap.current',
  swapLimit: 'memory.swap.max',
  swapMaxUsage: 'memory.swap.peak',
};
const cpuKeys = [
  'usage_usec user_usec system_usec nr_periods nr_throttled throttled_usec nr_bursts burst_usec',
].flatMap((line) => line.split(' '));
const eventKeys = ['low', 'high', 'max', 'oom', 'oom_kill', 'oom_group_kill'];

function read(files: Files, pageSizes: readonly string[] = []) {
  return withDirectory(files, (directory) => {
    return MetricsV2.decode(MetricsV2.encode(readStatsV2(directory, pageSizes)).finish());
  });
}

function expected(values: ReadonlyMap<string, bigint>): Record<string, bigint> {
  return Object.fromEntries([...values].map(([key, value]) => [camelCase(key), value]));
}

function pressureFile(total: number): string {
  return `some avg10=1.5 avg60=2.5 avg300=3.5 total=${total}\nfull avg10=4 avg60=5 avg300=6 total=8\n`;
}

function pressureOf(total: number) {
  return {
    some: { avg10: 1.5, avg60: 2.5, avg300: 3.5, total: BigInt(total) },
    full: { avg10: 4, avg60: 5, avg300: 6, total: 8n },
  };
}

describe('cgroup v2 metrics', () => {
  test('every field of memory', () => {
    const stat = distinctValues(memoryKeys);
    const single = distinctValues(Object.keys(memoryFiles));
    const files: Record<string, string> = { 'memory.stat': keyValueFile(stat) };
    for (const [field, file] of Object.entries(memoryFiles)) files[file] = `${single.get(field)}\n`;
    const { memory } = read({ ...files, 'memory.pressure': pressureFile(1) });
    assert.deepEqual(memory, {
      ...expected(stat),
      ...Object.fromEntries(single),
      psi: pressureOf(1),
    });
  });

  test('every field of cpu', () => {
    const stat = distinctValues(cpuKeys);
    const { cpu } = read({ 'cpu.stat': keyValueFile(stat), 'cpu.pressure': pressureFile(2) });
    assert.deepEqual(cpu, { ...expected(stat), psi: pressureOf(2) });
  });

  test('memory events', () => {
    const events = distinctValues(eventKeys);
    assert.deepEqual(
      read({ 'memory.events': keyValueFile(events) }).memoryEvents,
      expected(events),
    );
    assert.equal(read({ 'memory.events': '' }).memoryEvents, undefined);
    assert.equal(read({}).memoryEvents, undefined);
  });

  test('pids, io, rdma', () => {
    const metrics = read({
      'pids.current': '12\n',
      'pids.max': '34\n',
      'io.stat': `8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n259:1 rbytes=${largest}\n`,
      'io.pressure': pressureFile(3),
      'rdma.current': 'mlx4_0 hca_handle=2 hca_object=3\n',
      'rdma.max': 'mlx4_0 hca_handle=4 hca_object=max\n',
    });
    assert.deepEqual(metrics.pids, { current: 12n, limit: 34n });
    assert.deepEqual(metrics.io, {
      usage: [
        { major: 8n, minor: 0n, rbytes: 1n, wbytes: 2n, rios: 3n, wios: 4n },
        { major: 259n, minor: 1n, rbytes: largest, wbytes: 0n, rios: 0n, wios: 0n },
      ],
      psi: pressureOf(3),
    });
    assert.deepEqual(metrics.rdma, {
      current: [{ device: 'mlx4_0', hcaHandles: 2, hcaObjects: 3 }],
      limit: [{ device: 'mlx4_0', hcaHandles: 4, hcaObjects: 4_294_967_295 }],
    });
  });

  test('huge pages: one entry for each size, whether it has files or not', () => {
    const files = {
      'hugetlb.2MB.current': '4194304\n',
      'hugetlb.2MB.max': 'max\n',
      'hugetlb.2MB.events': 'max 5\n',
    };
    assert.deepEqual(read(files, ['2MB', '1GB']).hugetlb, [
      { current: 4_194_304n, max: largest, pagesize: '2MB', failcnt: 5n },
      { current: 0n, max: 0n, pagesize: '1GB', failcnt: 0n },
    ]);
  });

  test('max, negative and broken values', () => {
    const { pids, memory } = read({
      'pids.current': '-1\n',
      'pids.max': 'max\n',
      'memory.stat': 'anon 1\nfile -4096\n',
      'memory.current': 'nonsense\n',
      'memory.max': 'max\n',
      'memory.swap.max': '18446744073709551616\n',
    });
    assert.deepEqual(pids, { current: 0n, limit: largest });
    assert.equal(memory?.anon, 1n);
    assert.equal(memory?.file, 0n);
    assert.equal(memory?.usage, 0n);
    assert.equal(memory?.usageLimit, largest);
    assert.equal(memory?.swapLimit, 0n);
    assert.equal(memory?.psi, undefined);
  });

  test('without memory.stat the other memory files do not count', () => {
    const bytes = withDirectory({ 'memory.current': '5\n' }, (directory) =>
      MetricsV2.encode(readStatsV2(directory, [])).finish(),
    );
    assert.equal(MetricsV2.decode(bytes).memory?.usage, 0n);
  });

  test('a cgroup that is gone gives zeros', async () => {
    const gone = withDirectory({}, (directory) => new CgroupV2(directory, `${directory}/gone`));
    const { typeUrl, value } = await gone.stats();
    assert.equal(typeUrl, 'io.containerd.cgroups.v2.Metrics');
    const metrics = MetricsV2.decode(value);
    assert.deepEqual(metrics.pids, { current: 0n, limit: 0n });
    assert.equal(metrics.cpu?.usageUsec, 0n);
    assert.equal(metrics.memory?.usage, 0n);
  });
});
