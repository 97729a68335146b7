import { execFileSync } from 'node:child_process';
import { mkdirSync, statfsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Life } from '../life.ts';
import type { Fault } from '../trial.ts';

/** What lies on a disk of its own. */
type Place = 'bundle' | 'state' | 'log';

const SIZE = '16m';
/** With that many free pages every step has enough. */
const PAGES = 32;

const PLACES: Readonly<Record<Place, string>> = {
  bundle: 'the bundle',
  state: 'the state of runc',
  log: 'the logs',
};

/** A disk without a free page under one place; then with one free page, with two, and so on. */
export function fullDisk(place: Place): Fault {
  return {
    id: `disk-full-${place}`,
    title: `full disk under ${PLACES[place]}`,
    strikes: (_, point) => point === 'before',
    levels: PAGES,
    prepare: (life) => giveDisk(life, place),
    inject: ({ life, level }) => {
      const disk = diskOf(life, place);
      const { blocks, bfree, bsize } = statfsSync(disk);
      remount(disk, `size=${(blocks - bfree + level) * bsize}`);
    },
    heal: (life) => remount(diskOf(life, place), `size=${SIZE}`),
  };
}

/**
 * A disk that can only be read.
 * @param direct for containers that need no runtime to start, kill and delete
 */
export function readOnlyDisk(place: Place, direct = false): Fault {
  return {
    id: `disk-read-only-${place}${direct ? '-direct' : ''}`,
    title: `read-only disk under ${PLACES[place]}${direct ? ', without it' : ''}`,
    strikes: (_, point) => point === 'before',
    prepare: (life) => {
      giveDisk(life, place);
      life.direct = direct;
      // A disk with a file that is open for writing cannot be made read-only.
      life.request = {};
    },
    inject: ({ life }) => remount(diskOf(life, place), 'ro'),
    heal: (life) => remount(diskOf(life, place), 'rw'),
  };
}

function diskOf({ pod }: Life, place: Place): string {
  return place === 'state' ? pod.runcRoot : join(pod.sandbox.directory, 'disk');
}

function giveDisk(life: Life, place: Place): void {
  const disk = diskOf(life, place);
  mkdirSync(disk, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', disk]);
  life.ownMounts.push(disk);
  // A tmpfs of size 0 is one without a limit.
  writeFileSync(join(disk, 'ballast'), 'x');
  if (place === 'bundle') life.bundles = disk;
  if (place !== 'log') return;
  const out = join(disk, 'out');
  life.request = { stdout: `file://${out}`, stderr: `file://${out}` };
  life.furnish = (bundle) => symlinkSync(join(disk, 'log.json'), join(bundle, 'log.json'));
}

function remount(disk: string, option: string): void {
  execFileSync('mount', ['-o', `remount,${option}`, disk]);
}
