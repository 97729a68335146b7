/** A `google.protobuf.Timestamp` to be encoded. */
export interface TimestampValue {
  readonly seconds: number;
  readonly nanos: number;
}

/**
 * Go's zero time, the year 1: how a time that was never set goes over the wire. A daemon of 1.7 or later would read a
 * field that is left out as 1970 (contract 5.1).
 */
export const zeroTime: TimestampValue = { seconds: -62_135_596_800, nanos: 0 };

/** @param time a Date, or milliseconds since 1970 (fractions are kept). */
export function timestampOf(time: Date | { readonly milliseconds: number }): TimestampValue {
  const milliseconds = time instanceof Date ? time.getTime() : time.milliseconds;
  if (!Number.isFinite(milliseconds)) throw new RangeError(`not a time: ${milliseconds}`);
  const seconds = Math.floor(milliseconds / 1000);
  // Rounding can give a whole second, which the format does not allow in nanos.
  const nanos = Math.round((milliseconds - seconds * 1000) * 1e6);
  return nanos < 1e9 ? { seconds, nanos } : { seconds: seconds + 1, nanos: 0 };
}

/** The present time, to the millisecond. */
export function now(): TimestampValue {
  return timestampOf({ milliseconds: Date.now() });
}

/** The time of a decoded timestamp, to the millisecond. */
export function dateOf(timestamp: { readonly seconds: bigint; readonly nanos: number }): Date {
  return new Date(Number(timestamp.seconds) * 1000 + Math.floor(timestamp.nanos / 1e6));
}
