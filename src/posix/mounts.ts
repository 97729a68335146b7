import { native } from './addon.ts';
import { check } from './error.ts';

/** mount(2). The flags are MS_* of constants.ts. */
export function mount(
  source: string,
  target: string,
  type: string,
  flags: number,
  data: string | undefined,
): void {
  check(native().mountFileSystem(source, target, type, flags, data), 'mount', target);
}

/**
 * mount(2) from a thread that has `directory` as its working directory, so that relative names in `data` keep it below
 * one page (contract 12.2).
 */
export function mountFromDirectory(
  directory: string,
  source: string,
  target: string,
  type: string,
  flags: number,
  data: string | undefined,
): void {
  const result = native().mountFromDirectory(directory, source, target, type, flags, data);
  check(result, 'mount', target);
}

/** umount2(2). The flags are MNT_* and UMOUNT_* of constants.ts. */
export function unmount(target: string, flags: number): void {
  check(native().unmountFileSystem(target, flags), 'unmount', target);
}
