import { native } from './addon.ts';
import { errnoCode } from './errno.ts';
import { check } from './error.ts';

export interface WatchdogRequest {
  /** Where reports go. Made when missing, with mode 0700; one that others can look into is refused with EPERM. */
  readonly directory: string;
  /** Name of the report in it; an earlier one is replaced. */
  readonly file: string;
  /** Lines for the beginning of each report. */
  readonly heading: string;
  /** Time between two looks while the addon is called, and after a rest in which it was not. */
  readonly restMilliseconds: number;
  readonly quietRestMilliseconds: number;
  /** The event loop has this long to answer a question. */
  readonly limitMilliseconds: number;
  /** At this signal the event loop is asked at once. Handlers that are there already stay. */
  readonly signal: number;
}

/** A time in which the event loop did not turn, and about which there is a report. */
export interface Block {
  /** Since it was asked. */
  readonly leastMilliseconds: number;
  /** Since it was last seen well. */
  readonly mostMilliseconds: number;
  /** Code of the system error because of which the report could not be written. */
  readonly error: string | undefined;
}

/**
 * Starts a thread that looks after the calling thread's event loop, once in a process. When the loop does not answer in
 * time, the thread writes a report without its help; `told` is called when the loop turns again.
 */
export function startWatchdog(request: WatchdogRequest, told: (block: Block) => void): void {
  const { directory, file, heading, signal } = request;
  const { restMilliseconds, quietRestMilliseconds, limitMilliseconds } = request;
  const tell = (leastMilliseconds: number, mostMilliseconds: number, errno: number): void => {
    const error = errno === 0 ? undefined : errnoCode(errno);
    told({ leastMilliseconds, mostMilliseconds, error });
  };
  const result = native().startWatchdog(
    tell,
    directory,
    file,
    heading,
    restMilliseconds,
    quietRestMilliseconds,
    limitMilliseconds,
    signal,
  );
  check(result, 'pthread_create');
}
