/** The gRPC status codes, which ttrpc shares. */
export const Code = {
  OK: 0,
  Canceled: 1,
  Unknown: 2,
  InvalidArgument: 3,
  DeadlineExceeded: 4,
  NotFound: 5,
  AlreadyExists: 6,
  PermissionDenied: 7,
  ResourceExhausted: 8,
  FailedPrecondition: 9,
  Aborted: 10,
  OutOfRange: 11,
  Unimplemented: 12,
  Internal: 13,
  Unavailable: 14,
  DataLoss: 15,
  Unauthenticated: 16,
} as const;

export type Code = (typeof Code)[keyof typeof Code];

/** An error with a code of its own: what a handler throws, and what a failed call rejects with. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly code: Code;

  constructor(code: Code, message: string) {
    super(message);
    this.code = code;
  }
}

/** A code off the wire: what we do not know is Unknown. */
export function codeOf(value: number): Code {
  return Number.isInteger(value) && value >= 0 && value <= Code.Unauthenticated
    ? (value as Code)
    : Code.Unknown;
}

/**
 * The helpers below follow containerd's errdefs: the context, a colon, and the text of the class, once
 * (contract 4.6). `notFound('container not created')` reads `container not created: not found`.
 */
function classError(code: Code, classText: string, context: string | undefined): StatusError {
  if (context === undefined || context === '' || context === classText) {
    return new StatusError(code, classText);
  }
  const suffix = `: ${classText}`;
  return new StatusError(code, context.endsWith(suffix) ? context : context + suffix);
}

export function canceled(context?: string): StatusError {
  return classError(Code.Canceled, 'context canceled', context);
}

export function invalidArgument(context?: string): StatusError {
  return classError(Code.InvalidArgument, 'invalid argument', context);
}

export function deadlineExceeded(context?: string): StatusError {
  return classError(Code.DeadlineExceeded, 'context deadline exceeded', context);
}

export function notFound(context?: string): StatusError {
  return classError(Code.NotFound, 'not found', context);
}

export function alreadyExists(context?: string): StatusError {
  return classError(Code.AlreadyExists, 'already exists', context);
}

export function permissionDenied(context?: string): StatusError {
  return classError(Code.PermissionDenied, 'permission denied', context);
}

export function resourceExhausted(context?: string): StatusError {
  return classError(Code.ResourceExhausted, 'resource exhausted', context);
}

export function failedPrecondition(context?: string): StatusError {
  return classError(Code.FailedPrecondition, 'failed precondition', context);
}

export function unimplemented(context?: string): StatusError {
  return classError(Code.Unimplemented, 'not implemented', context);
}

export function internal(context?: string): StatusError {
  return classError(Code.Internal, 'internal', context);
}

export function unavailable(context?: string): StatusError {
  return classError(Code.Unavailable, 'unavailable', context);
}

const codesOfErrno: Readonly<Record<string, Code>> = {
  EEXIST: Code.AlreadyExists,
  ENOTEMPTY: Code.AlreadyExists,
  ENOENT: Code.NotFound,
  EPERM: Code.PermissionDenied,
  EACCES: Code.PermissionDenied,
};

/**
 * The status that a handler's failure is answered with. An error without a code of its own is Unknown with its whole
 * text; an unwrapped system error has the code of its errno (contract 4.5).
 */
export function statusOf(failure: unknown): StatusError {
  if (failure instanceof StatusError) return failure;
  if (!(failure instanceof Error)) return new StatusError(Code.Unknown, String(failure));
  const errno = 'code' in failure && typeof failure.code === 'string' ? failure.code : '';
  return new StatusError(codesOfErrno[errno] ?? Code.Unknown, failure.message);
}

/** The connection is gone, or was closed: every call on it ends with this. The text is that of every ttrpc client. */
export class ConnectionClosedError extends Error {
  override readonly name = 'ConnectionClosedError';

  constructor() {
    super('ttrpc: closed');
  }
}
