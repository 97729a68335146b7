import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseBlockIo, parsePartitions } from '../../../src/cgroup/blockIo.ts';
import { hugePageSizes, listHugePageSizes } from '../../../src/cgroup/hugePages.ts';
import { parseKeyValues } from '../../../src/cgroup/keyValues.ts';
import { parsePressure } from '../../../src/cgroup/pressure.ts';
import { parseRdma } from '../../../src/cgroup/rdma.ts';
import { parseIo } from '../../../src/cgroup/statsV2.ts';
import { withDirectory } from './fixture.ts';

describe('key-value files', () => {
  test('odd lines are left out, the others stay', () => {
    const values = parseKeyValues('a 1\n\nb\nc 2 3\nd x\n e\t4 \nf -5\ng 18446744073709551615');
    assert.deepEqual(
      [...values],
      [
        ['a', 1],
        ['e', 4],
        ['f', 0],
        ['g', 18_446_744_073_709_551_615n],
      ],
    );
  });

  test('a name from the prototype is a key like any other', () => {
    assert.equal(parseKeyValues('constructor 1').get('constructor'), 1);
    assert.equal(parseKeyValues('').get('toString'), undefined);
  });
});

describe('pressure files', () => {
  test('both lines', () => {
    const text =
      'some avg10=0.50 avg60=1.25 avg300=99.99 total=18446744073709551615\n' +
      'full avg10=0.00 avg60=0.01 avg300=0.02 total=7\n';
    assert.deepEqual(parsePressure(text), {
      some: { avg10: 0.5, avg60: 1.25, avg300: 99.99, total: 18_446_744_073_709_551_615n },
      full: { avg10: 0, avg60: 0.01, avg300: 0.02, total: 7 },
    });
  });

  test('one line, unknown lines and keys', () => {
    const text = 'some avg10=1 avg60=2 avg300=3 total=4 avg900=5\nirq avg10=6\n';
    assert.deepEqual(parsePressure(text), { some: { avg10: 1, avg60: 2, avg300: 3, total: 4 } });
  });

  for (const text of [
    'some avg10',
    'some avg10=',
    'some avg10=x',
    'full total=-',
    'full total=1.5',
  ]) {
    test(`${text} makes the whole worthless`, () => assert.equal(parsePressure(text), undefined));
  }
});

test('rdma files', () => {
  const text =
    'mlx4_0 hca_handle=2 hca_object=max\nocrdma1 hca_object=4294967295 hca_handle=0\n' +
    'short hca_handle=1\nlong hca_handle=1 hca_object=2 more=3\nbig hca_handle=4294967296 x=1\n';
  assert.deepEqual(parseRdma(text), [
    { device: 'mlx4_0', hcaHandles: 2, hcaObjects: 0xffff_ffff },
    { device: 'ocrdma1', hcaHandles: 0, hcaObjects: 0xffff_ffff },
    { device: 'big', hcaHandles: 0, hcaObjects: 0 },
  ]);
});

test('io.stat', () => {
  const text =
    '8:16 rbytes=1 wbytes=18446744073709551615 rios=3 wios=4 dbytes=5 dios=6\n' +
    '254:0\nnonsense rbytes=1\n7:0 cost.vrate=100.00 rbytes=9 wios=x\n';
  assert.deepEqual(parseIo(text), [
    { major: 8, minor: 16, rbytes: 1, wbytes: 18_446_744_073_709_551_615n, rios: 3, wios: 4 },
    { major: 7, minor: 0, rbytes: 9, wbytes: 0, rios: 0, wios: 0 },
  ]);
});

describe('block devices', () => {
  const partitions =
    'major minor  #blocks  name\n\n   8        0  1000 sda\n   8        0  1000 again\n';

  test('the first name of a number counts', () => {
    assert.deepEqual([...parsePartitions(partitions)], [['8:0', '/dev/sda']]);
  });

  test('lines with and without an operation', () => {
    const text = '8:0 Read 4096\n8:0 Total 18446744073709551615\n253:1 77\nTotal 4096\nbroken\n';
    assert.deepEqual(parseBlockIo(text, parsePartitions(partitions)), [
      { op: 'Read', device: '/dev/sda', major: 8, minor: 0, value: 4096 },
      { op: 'Total', device: '/dev/sda', major: 8, minor: 0, value: 18_446_744_073_709_551_615n },
      { op: '', device: '', major: 253, minor: 1, value: 77 },
    ]);
  });
});

describe('huge page sizes', () => {
  test('are spelled as the control files spell them', () => {
    const names = ['1048576kB', '2048kB', '64kB', '16777216kB'];
    const files = Object.fromEntries(
      names.map((name) => [`hugepages-${name}/nr_hugepages`, '0\n']),
    );
    withDirectory({ ...files, 'other/file': '' }, (directory) => {
      assert.deepEqual(listHugePageSizes(directory), ['64KB', '2MB', '1GB', '16GB']);
    });
  });

  test('of this kernel', () => {
    for (const size of hugePageSizes()) assert.match(size, /^\d+[KMG]B$/);
  });
});
