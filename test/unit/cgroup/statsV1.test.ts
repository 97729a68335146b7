import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CgroupV1 } from '../../../src/cgroup/cgroup.ts';
import { readStatsV1 } from '../../../src/cgroup/statsV1.ts';
import { MetricsV1 } from '../../../src/proto/messages.ts';
import { camelCase, distinctValues, type Files, keyValueFile, withDirectory } from './fixture.ts';

const largest = 0xffff_ffff_ffff_ffffn;
const subsystems = ['cpu', 'cpuacct', 'memory', 'blkio', 'pids', 'hugetlb', 'rdma'];

const ownKeys = [
  'cache rss rss_huge mapped_file dirty writeback pgpgin pgpgout pgfault pgmajfault',
  'inactive_anon active_anon inactive_file active_file unevictable',
].flatMap((line) => line.split(' '));
const memoryKeys = [
  ...ownKeys,
  'hierarchical_memory_limit',
  'hierarchical_memsw_limit',
  ...ownKeys.map((key) => `total_${key}`),
];

/** The few fields that are not called like their key. */
function fieldOf(key: string): string {
  const renamed = key
    .replace('pgpgin', 'pg_pg_in')
    .replace('pgpgout', 'pg_pg_out')
    .replace('pgmajfault', 'pg_maj_fault')
    .replace('pgfault', 'pg_fault')
    .replace('memsw', 'swap');
  return camelCase(renamed);
}

function read(files: Files, pageSizes: readonly string[] = []) {
  return withDirectory(files, (directory) => {
    const directories = new Map(subsystems.map((name) => [name, `${directory}/${name}`]));
    const facts = { partitions: `${directory}/partitions`, pageSizes };
    return MetricsV1.decode(MetricsV1.encode(readStatsV1(directories, facts)).finish());
  });
}

describe('cgroup v1 metrics', () => {
  test('every field of memory', () => {
    const stat = distinctValues(memoryKeys);
    const files: Record<string, string> = { 'memory/memory.stat': keyValueFile(stat) };
    const entries: Record<string, object> = {};
    const prefixes = { usage: '', swap: 'memsw.', kernel: 'kmem.', kernelTcp: 'kmem.tcp.' };
    Object.entries(prefixes).forEach(([field, prefix], index) => {
      const base = largest - 100n * BigInt(index);
      files[`memory/memory.${prefix}limit_in_bytes`] = `${base}\n`;
      files[`memory/memory.${prefix}usage_in_bytes`] = `${base - 1n}\n`;
      files[`memory/memory.${prefix}max_usage_in_bytes`] = `${base - 2n}\n`;
      files[`memory/memory.${prefix}failcnt`] = `${base - 3n}\n`;
      entries[field] = { limit: base, usage: base - 1n, max: base - 2n, failcnt: base - 3n };
    });
    const named = Object.fromEntries([...stat].map(([key, value]) => [fieldOf(key), value]));
    assert.deepEqual(read(files).memory, { ...named, ...entries });
  });

  test('a missing or negative memory file does not take the others away', () => {
    const { memory } = read({
      'memory/memory.stat': 'cache 1\n',
      'memory/memory.usage_in_bytes': '-1\n',
      'memory/memory.kmem.tcp.usage_in_bytes': '7\n',
    });
    assert.deepEqual(memory?.usage, { limit: 0n, usage: 0n, max: 0n, failcnt: 0n });
    assert.deepEqual(memory?.swap, { limit: 0n, usage: 0n, max: 0n, failcnt: 0n });
    assert.equal(memory?.kernelTcp?.usage, 7n);
  });

  test('oom control', () => {
    const files = {
      'memory/memory.stat': '',
      'memory/memory.oom_control': 'oom_kill_disable 1\nunder_oom 2\noom_kill 3\n',
    };
    assert.deepEqual(read(files).memoryOomControl, {
      oomKillDisable: 1n,
      underOom: 2n,
      oomKill: 3n,
    });
  });

  test('cpu: ticks become nanoseconds, exactly', () => {
    const { cpu } = read({
      'cpuacct/cpuacct.usage': `${largest}\n`,
      'cpuacct/cpuacct.stat': 'user 123456789012\nsystem 3\n',
      'cpuacct/cpuacct.usage_percpu': `1 2 ${largest} \n`,
      'cpu/cpu.stat': 'nr_periods 4\nnr_throttled 5\nthrottled_time 6\n',
    });
    assert.deepEqual(cpu?.usage, {
      total: largest,
      kernel: 30_000_000n,
      user: 1_234_567_890_120_000_000n,
      perCpu: [1n, 2n, largest],
    });
    assert.deepEqual(cpu?.throttling, { periods: 4n, throttledPeriods: 5n, throttledTime: 6n });
  });

  test('pids: no limit is 0 in v1', () => {
    const pids = (max: string) => read({ 'pids/pids.current': '3\n', 'pids/pids.max': max }).pids;
    assert.deepEqual(pids('10\n'), { current: 3n, limit: 10n });
    assert.deepEqual(pids('max\n'), { current: 3n, limit: 0n });
    assert.equal(read({ 'pids/pids.current': '3\n' }).pids, undefined);
  });

  test('huge pages and rdma', () => {
    const metrics = read(
      {
        'hugetlb/hugetlb.2MB.usage_in_bytes': '1\n',
        'hugetlb/hugetlb.2MB.max_usage_in_bytes': '2\n',
        'hugetlb/hugetlb.2MB.failcnt': '3\n',
        'rdma/rdma.current': 'mlx4_0 hca_handle=2 hca_object=3\n',
        'rdma/rdma.max': 'mlx4_0 hca_handle=max hca_object=5\n',
      },
      ['2MB', '1GB'],
    );
    assert.deepEqual(metrics.hugetlb, [{ usage: 1n, max: 2n, failcnt: 3n, pagesize: '2MB' }]);
    assert.deepEqual(metrics.rdma, {
      current: [{ device: 'mlx4_0', hcaHandles: 2, hcaObjects: 3 }],
      limit: [{ device: 'mlx4_0', hcaHandles: 4_294_967_295, hcaObjects: 5 }],
    });
  });

  describe('block io', () => {
    const partitions = 'major minor  #blocks  name\n\n 8 0 1000 sda\n';
    const recursive = {
      ioServiceBytesRecursive: 'io_service_bytes_recursive',
      ioServicedRecursive: 'io_serviced_recursive',
      ioQueuedRecursive: 'io_queued_recursive',
      ioServiceTimeRecursive: 'io_service_time_recursive',
      ioWaitTimeRecursive: 'io_wait_time_recursive',
      ioMergedRecursive: 'io_merged_recursive',
      ioTimeRecursive: 'time_recursive',
      sectorsRecursive: 'sectors_recursive',
    };
    const throttle = {
      'blkio/blkio.throttle.io_serviced': '8:0 Write 70\nTotal 70\n',
      'blkio/blkio.throttle.io_service_bytes': '8:0 Write 71\nTotal 71\n',
    };

    function entry(op: string, value: number) {
      return [{ op, device: '/dev/sda', major: 8n, minor: 0n, value: BigInt(value) }];
    }

    test('every list from its own file', () => {
      const files: Record<string, string> = { partitions, ...throttle };
      const expected: Record<string, object> = {};
      Object.entries(recursive).forEach(([field, file], index) => {
        files[`blkio/blkio.${file}`] = `8:0 Sync ${index + 1}\nTotal ${index + 1}\n`;
        expected[field] = entry('Sync', index + 1);
      });
      assert.deepEqual(read(files).blkio, expected);
    });

    test('empty lists: the throttle files count', () => {
      for (const empty of [{}, { 'blkio/blkio.io_serviced_recursive': '' }]) {
        const { blkio } = read({ partitions, ...empty, ...throttle });
        assert.deepEqual(blkio?.ioServicedRecursive, entry('Write', 70));
        assert.deepEqual(blkio?.ioServiceBytesRecursive, entry('Write', 71));
        assert.deepEqual(blkio?.ioQueuedRecursive, []);
      }
    });
  });

  test('no subsystem at all', async () => {
    const { typeUrl, value } = await new CgroupV1(new Map()).stats();
    assert.equal(typeUrl, 'io.containerd.cgroups.v1.Metrics');
    const metrics = MetricsV1.decode(value);
    assert.deepEqual(metrics.cpu?.throttling, {
      periods: 0n,
      throttledPeriods: 0n,
      throttledTime: 0n,
    });
    assert.equal(metrics.memory, undefined);
  });
});
