import type { Row } from '../matrix/cell.ts';
import {
  containerdKilled,
  containerdStopped,
  runtimeOfContainerdKilled,
  shimOfContainerdKilled,
} from './daemonFaults.ts';
import { daemonRow } from './daemonRow.ts';
import { clockJump } from './podFaults/clock.ts';
import { daemonGone, daemonStopped } from './podFaults/daemonGone.ts';
import { descriptorLimit } from './podFaults/descriptors.ts';
import { fullDisk, readOnlyDisk } from './podFaults/disk.ts';
import { connectionClosed, runtimeKilled, shimKilled } from './podFaults/kills.ts';
import { memoryLimit } from './podFaults/memory.ts';
import { podRow } from './podRow.ts';

/** All faults. */
export function faultRows(): readonly Row[] {
  const places = ['bundle', 'state', 'log'] as const;
  const faults = [
    ...[shimKilled, runtimeKilled, connectionClosed],
    ...places.map(fullDisk),
    ...places.map((place) => readOnlyDisk(place)),
    ...[readOnlyDisk('bundle', true), readOnlyDisk('state', true)],
    ...(['plain', 'direct', 'terminal'] as const).map(descriptorLimit),
    ...[memoryLimit, daemonGone, daemonStopped],
    ...(['forward', 'back'] as const).map(clockJump),
  ];
  const daemonFaults = [
    ...[containerdKilled, containerdStopped],
    ...[shimOfContainerdKilled, runtimeOfContainerdKilled],
  ];
  return [...faults.map(podRow), ...daemonFaults.map(daemonRow)];
}
