import { version } from '../version.ts';
import { Dumper, type DumperOptions } from './dump.ts';
import { type DumpSources, dumpSections } from './dumpSections.ts';
import type { FlightRecorder } from './flightRecorder.ts';

/** The server's dumper, a chunk of its own: most servers are never asked for a dump. */
export function serverDumper(
  identity: Pick<DumperOptions, 'namespace' | 'id' | 'logger'>,
  sources: DumpSources & { readonly recorder: FlightRecorder },
): Dumper {
  const sections = [...dumpSections(sources), sources.recorder.section];
  return new Dumper({ ...identity, version, sections });
}
