import { type AnyValue, MetricsType, packAny } from '../proto/any.ts';
import { MetricsV2 } from '../proto/messages.ts';
import { readStatsV2 } from './statsV2.ts';

/** The metrics now, as `io.containerd.cgroups.v2.Metrics`. A chunk of its own, loaded at the first Stats. */
export function packedStatsV2(directory: string): AnyValue {
  return packAny(MetricsType.v2, MetricsV2.encode(readStatsV2(directory)).finish());
}
