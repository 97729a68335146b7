import type { Publisher } from '../events/publisher.ts';
import type { Reaper } from '../reaper/reaper.ts';
import type { TaskService } from '../task/taskService.ts';
import type { Call, Server, ServerStream, Service } from '../ttrpc/server.ts';
import type { Dumper } from './dump.ts';
import type { FlightRecorder } from './flightRecorder.ts';

/** What the server tells about itself, and where it is asked. */
export interface IntrospectionSources {
  readonly namespace: string;
  readonly id: string;
  readonly socket: string;
  readonly tasks: TaskService;
  readonly reaper: Reaper;
  readonly publisher: Publisher;
  readonly recorder: FlightRecorder;
  /** Made after the services, hence asked for at the time of a call. */
  server(): Server;
  dumper(): Promise<Dumper>;
}

/**
 * The service that `podshim ps` and its like ask. What answers is a chunk of its own, loaded at the first call: most
 * servers are never asked.
 */
export function introspectionService(sources: IntrospectionSources): Service {
  const answers = (): Promise<typeof import('./introspection.ts')> => import('./introspection.ts');
  return {
    name: 'podshim.introspection.v1.Introspection',
    unary: new Map([
      [
        'Describe',
        async (_payload: Uint8Array, call: Call) => (await answers()).describe(sources, call),
      ],
      ['Dump', async (payload: Uint8Array) => (await answers()).dump(sources, payload)],
    ]),
    streams: new Map([
      [
        'Events',
        {
          clientStreaming: false,
          serverStreaming: true,
          handle: async (stream: ServerStream) => (await answers()).events(sources, stream),
        },
      ],
    ]),
  };
}
