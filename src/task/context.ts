import type { HelperSettings } from '../mount/helper.ts';
import type { Bundle } from '../oci/bundle.ts';
import type { KnownRuntimes } from '../oci/direct/knownRuntimes.ts';
import type { RuntimeOptions } from '../oci/options.ts';
import type { OciRuntime } from '../oci/runtime.ts';
import type { Logger } from '../platform/log.ts';
import type { Reaper } from '../reaper/reaper.ts';
import type { ExitTracker } from './exits.ts';
import type { TaskEvents } from './taskEvents.ts';

/** What a container asks of its OCI runtime. */
export type ContainerRuntime = Pick<
  OciRuntime,
  | 'binary'
  | 'root'
  | 'create'
  | 'start'
  | 'exec'
  | 'kill'
  | 'killAll'
  | 'pause'
  | 'resume'
  | 'update'
  | 'pids'
  | 'checkpoint'
  | 'restore'
  | 'delete'
>;

/** What all containers of one server share. */
export interface TaskContext {
  readonly namespace: string;
  readonly reaper: Reaper;
  readonly exits: ExitTracker;
  readonly events: TaskEvents;
  readonly logger: Logger;
  /** What programs are started with that the shim runs for itself. */
  readonly helpers: HelperSettings;
  /** Whose start, kill and delete may be done without them; undefined: nobody's. */
  readonly runtimes: Pick<KnownRuntimes, 'kindOf'> | undefined;
  /** The OCI runtime as a container's options name it. */
  openRuntime(bundle: Bundle, options: RuntimeOptions): ContainerRuntime;
}
