import { native } from './addon.ts';
import { check } from './error.ts';

/** Number of a loop device that nobody uses. @param control descriptor of /dev/loop-control */
export function freeLoopDevice(control: number): number {
  return check(native().freeLoopDevice(control), 'ioctl', '/dev/loop-control');
}

/**
 * Makes a loop device stand for a file, until its last user closes it.
 * @param name what the kernel shows for the device; cut after 63 bytes
 * @param directIo past the page cache, where the file's file system can do that
 */
export function configureLoopDevice(
  device: number,
  file: number,
  name: string,
  readOnly: boolean,
  directIo: boolean,
): void {
  check(native().configureLoopDevice(device, file, name, readOnly, directIo), 'ioctl', name);
}
