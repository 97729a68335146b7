import { O_RDONLY, O_RDWR } from '../posix/constants.ts';
import { isSystemError } from '../posix/error.ts';
import { closeFile, openFile } from '../posix/files.ts';
import { configureLoopDevice, freeLoopDevice } from '../posix/loop.ts';

const attempts = 100;

export interface LoopDevice {
  /** `/dev/loop7` */
  readonly path: string;
  /** Keeps the device until it is mounted; the caller closes it. */
  readonly descriptor: number;
}

/**
 * Makes a file a block device, which lets go of the file by itself after its last use (contract 12.2). Reads and
 * writes go past the page cache where the file's file system can do that: the mounted one has a cache of its own.
 * @throws SystemError
 */
export function attachLoopDevice(file: string, readOnly: boolean): LoopDevice {
  const access = readOnly ? O_RDONLY : O_RDWR;
  const backing = openFile(file, access);
  try {
    const control = openFile('/dev/loop-control', O_RDWR);
    try {
      return attachFree(control, backing, file, readOnly);
    } finally {
      closeFile(control);
    }
  } finally {
    closeFile(backing);
  }
}

/** Between finding a free device and taking it, another process may take it: then the next one is tried. */
function attachFree(control: number, backing: number, file: string, readOnly: boolean): LoopDevice {
  for (let attempt = 1; ; attempt++) {
    const path = `/dev/loop${freeLoopDevice(control)}`;
    const descriptor = openFile(path, readOnly ? O_RDONLY : O_RDWR);
    try {
      configureLoopDevice(descriptor, backing, file, readOnly, true);
      return { path, descriptor };
    } catch (error) {
      closeFile(descriptor);
      if (attempt === attempts || !isSystemError(error, 'EBUSY')) throw error;
    }
  }
}
