import { reasonOf } from '../platform/reason.ts';
import { notFound } from '../ttrpc/status.ts';

/** A runtime command that failed. The message is what the daemon shows to people, in the wording of contract 8.2. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';
  /** A signal ended the runtime, so that nobody knows how far it came. */
  readonly wasKilled: boolean;

  constructor(message: string, wasKilled = false) {
    super(message);
    this.wasKilled = wasKilled;
  }
}

/** A runtime command that could not be started, or ended with another status than 0: the "base error" of 8.2. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly wasKilled: boolean;

  /** @param status that it ended with: above 128, by a signal */
  constructor(message: string, status = 0) {
    super(message);
    this.wasKilled = status > 128;
  }
}

/** Prefixes that callers and upstream's tests look for (contract 8.2). */
export const failurePrefixes = {
  create: 'OCI runtime create failed',
  start: 'OCI runtime start failed',
  exec: 'OCI runtime exec failed',
  pause: 'OCI runtime pause failed',
  resume: 'OCI runtime resume failed',
  restore: 'OCI runtime restore failed',
  killAll: 'OCI runtime killall failed',
  delete: 'failed to delete task',
} as const;

/** Text for a command that ended with `status`; `output` is undefined when it was not captured. */
export function exitText(binary: string, status: number, output: string | undefined): string {
  const base = `${binary} did not terminate successfully: exit status ${status}`;
  return output === undefined || output === '' ? base : `${base}: ${output}`;
}

/**
 * The three cases of contract 8.2: what the runtime's log says; else the base error; else, where the log cannot be
 * read, both reasons.
 * @param readLog gives the log's last error, or an empty text; may throw.
 */
export function describeFailure(prefix: string, base: string, readLog: () => string): string {
  let logged: string;
  try {
    logged = readLog();
  } catch (error) {
    const reason = reasonOf(error);
    return `${prefix}: unable to retrieve OCI runtime error (${reason}): ${base}`;
  }
  return `${prefix}: ${logged === '' ? base : logged}`;
}

/**
 * Whether a failed command says that the container is unknown to the runtime. runc: `container does not exist`;
 * crun: ``container `x` does not exist``, and in older releases only that its state directory or the status file in
 * there is missing.
 */
export function saysContainerIsGone(text: string, stateDirectory: string): boolean {
  const paths = [`\`${stateDirectory}/status\``, `'${stateDirectory}'`, `\`${stateDirectory}\``];
  return (
    text.includes('does not exist') ||
    paths.some((path) => text.includes(`${path}: No such file or directory`))
  );
}

/** runc: `container not running`; crun: ``the container `x` is not running``, `open pidfd: No such process`. */
function saysProcessIsFinished(text: string): boolean {
  return (
    text.includes('os: process already finished') ||
    text.includes('container not running') ||
    /container [`'"]?[^\s`'"]+[`'"]? is not running/.test(text) ||
    /no such process/i.test(text)
  );
}

/** What a failed kill means to the caller (contract 5.7). */
export function killError(text: string, stateDirectory: string): Error {
  if (saysProcessIsFinished(text)) return notFound('process already finished');
  if (saysContainerIsGone(text, stateDirectory)) return notFound('no such container');
  return new RuntimeError(`unknown error after kill: ${text}`);
}
