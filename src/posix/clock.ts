import { native } from './addon.ts';

/**
 * The local zone's offset at a time, from TZ or /etc/localtime as the C library reads them. JavaScript's own
 * local time loads the runtime's calendar data: 5 ms at the first use in Bun.
 *
 * @param seconds since 1970
 * @returns seconds east of UTC
 */
export function localOffset(seconds: number): number {
  return native().localOffset(seconds);
}
