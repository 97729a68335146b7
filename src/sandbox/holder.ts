import type { Cancellation } from '../platform/cancellation.ts';
import type { AnyValue } from '../proto/any.ts';
import type { ProcessExit } from '../task/process.ts';

/** What a sandbox consists of, apart from its containers: namespaces that are held open, or a pause container. */
export interface SandboxHolder {
  /** In /proc/<pid>/ns a container finds the namespaces it is to join; 0 before the start. */
  readonly pid: number;
  /** For the verbose status and the dump. */
  describe(): string;
  start(call: Cancellation): Promise<void>;
  /** Told once, when it has ended: by `stop`, or by itself. */
  onEnd(listener: (exit: ProcessExit) => void): void;
  /** Ends it. May be repeated. */
  stop(call: Cancellation): Promise<void>;
  /** Lets go of what is left after the end. May be repeated. */
  remove(): Promise<void>;
  /** Undefined when there is no cgroup of its own. */
  stats(): Promise<AnyValue | undefined>;
}
