/** One reaped process. */
export interface Exit {
  readonly pid: number;
  /** 0-255, or 128 plus the signal's number (contract 11). */
  readonly status: number;
  /** When it was reaped: milliseconds since the epoch. */
  readonly at: number;
  /** True for a command the shim started for itself (the OCI runtime, a logging binary). */
  readonly ofCommand: boolean;
}
