import { type AnyValue, MetricsType, packAny } from '../proto/any.ts';
import { MetricsV1 } from '../proto/messages.ts';
import { readStatsV1, type SubsystemDirectories } from './statsV1.ts';

/** The metrics now, as `io.containerd.cgroups.v1.Metrics`. A chunk of its own, loaded at the first Stats. */
export function packedStatsV1(directories: SubsystemDirectories): AnyValue {
  return packAny(MetricsType.v1, MetricsV1.encode(readStatsV1(directories)).finish());
}
