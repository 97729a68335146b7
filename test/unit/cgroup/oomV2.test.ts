import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { CgroupV2 } from '../../../src/cgroup/cgroup.ts';
import { type OomWatch, watchOom } from '../../../src/cgroup/oom.ts';
import { awaiting, openDescriptors } from './machine.ts';

const made: string[] = [];

after(() => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true });
});

/** A directory that looks like a v2 cgroup to the watch. */
function fixture() {
  const directory = mkdtempSync(join(tmpdir(), 'podshim-cgroup-'));
  made.push(directory);
  const events = `${directory}/memory.events`;
  const write = (oomKill: number, high = 0) => {
    writeFileSync(events, `low 0\nhigh ${high}\nmax 3\noom 1\noom_kill ${oomKill}\n`);
  };
  write(0);
  return {
    cgroup: new CgroupV2(directory, directory),
    write,
    remove() {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Files that this process watches for modification alone, as proc(5) lists them. The runtime watches others. */
function inotifyWatches(): number {
  return readdirSync('/proc/self/fdinfo')
    .map((descriptor) => {
      try {
        return readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8');
      } catch {
        return '';
      }
    })
    .flatMap((text) => text.split('\n'))
    .filter((line) => /^inotify .* mask:2 /.test(line)).length;
}

/** Watches, and resolves `next()` at the next report. */
function counting(cgroup: CgroupV2) {
  let waiting: (() => void) | undefined;
  const state = { reports: 0 };
  const watch: OomWatch = watchOom(cgroup, () => {
    state.reports += 1;
    waiting?.();
  });
  const next = () => new Promise<void>((resolve) => (waiting = resolve));
  return { watch, state, next };
}

describe('OOM of cgroup v2', () => {
  test('a rise of oom_kill is reported, other modifications are not', async () => {
    const group = fixture();
    const { watch, state, next } = counting(group.cgroup);
    group.write(0, 7);
    watch.readLast();
    assert.equal(state.reports, 0);
    const first = next();
    group.write(1, 7);
    await awaiting(first);
    watch.readLast();
    assert.equal(state.reports, 1);
    const second = next();
    group.write(4, 7);
    await awaiting(second);
    assert.equal(state.reports, 2);
    watch.close();
    group.remove();
  });

  test('the last look reports at once, and the notice that comes after it does not repeat it', async () => {
    const group = fixture();
    const other = fixture();
    const { watch, state } = counting(group.cgroup);
    const later = counting(other.cgroup);
    group.write(1);
    watch.readLast();
    assert.equal(state.reports, 1);
    const ordered = later.next();
    other.write(1);
    await awaiting(ordered);
    assert.equal(state.reports, 1);
    for (const each of [watch, later.watch]) each.close();
    for (const each of [group, other]) each.remove();
  });

  test('two watches of one cgroup, one of which ends', async () => {
    const group = fixture();
    const one = counting(group.cgroup);
    const two = counting(group.cgroup);
    one.watch.close();
    const reported = two.next();
    group.write(1);
    await awaiting(reported);
    assert.equal(one.state.reports, 0);
    two.watch.close();
    group.remove();
  });

  test('removal of the cgroup is silent, and other watches go on', async () => {
    const group = fixture();
    const other = fixture();
    const gone = counting(group.cgroup);
    const stays = counting(other.cgroup);
    group.remove();
    const reported = stays.next();
    other.write(1);
    await awaiting(reported);
    gone.watch.readLast();
    gone.watch.close();
    assert.equal(gone.state.reports, 0);
    stays.watch.close();
    other.remove();
  });

  test('one inotify instance for all, and no watch of it left behind', () => {
    const groups = Array.from({ length: 100 }, fixture);
    const first = groups[0]?.cgroup ?? assert.fail();
    counting(first).watch.close();
    const before = openDescriptors();
    for (let round = 0; round < 10; round += 1) {
      const watches = groups.map(({ cgroup }) => counting(cgroup).watch);
      assert.equal(inotifyWatches(), 100);
      for (const watch of watches) watch.close();
      assert.equal(inotifyWatches(), 0);
      assert.equal(openDescriptors(), before);
    }
    for (const group of groups) group.remove();
    assert.throws(() => counting(first), { code: 'ENOENT' });
    assert.equal(inotifyWatches(), 0);
    assert.equal(openDescriptors(), before);
  });
});
