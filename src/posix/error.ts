import { errnoCode, errnoText } from './errno.ts';

/**
 * A system call that failed. The message is what Go would print, `open /x/y: no such file or directory`, because it
 * ends up in answers that people and programs compare with those of other shims.
 */
export class SystemError extends Error {
  /** The name of the error number, such as 'ENOENT'. */
  readonly code: string;
  /** The error number, positive. */
  readonly errno: number;
  readonly syscall: string;
  readonly path: string | undefined;

  constructor(syscall: string, errno: number, path?: string, message?: string) {
    super(message ?? `${path === undefined ? syscall : `${syscall} ${path}`}: ${errnoText(errno)}`);
    this.code = errnoCode(errno);
    this.errno = errno;
    this.syscall = syscall;
    this.path = path;
  }

  override get name(): string {
    return 'SystemError';
  }
}

/** Whether `error` is a SystemError, and one with this code when a code is given. */
export function isSystemError(error: unknown, code?: string): error is SystemError {
  return error instanceof SystemError && (code === undefined || error.code === code);
}

/** Returns `result`, or raises the SystemError that a negative result of the addon stands for. */
export function check(result: number, syscall: string, path?: string): number {
  if (result < 0) throw new SystemError(syscall, -result, path);
  return result;
}

export const ERRNO = {
  ENOENT: 2,
  E2BIG: 7,
  EAGAIN: 11,
  ENOMEM: 12,
  EBUSY: 16,
  EEXIST: 17,
  EINVAL: 22,
  EFBIG: 27,
  ENAMETOOLONG: 36,
} as const;
