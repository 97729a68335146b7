/** How `podshim` ends. */
export const ExitCode = {
  ok: 0,
  /** What was asked for could not be done, or the doctor found something that has to be mended. */
  failed: 1,
  /** The command line was wrong. */
  usage: 2,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** A failure that a person can act on: its message is all that is shown. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = ExitCode.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}
