import { O_APPEND, O_CREAT, O_NONBLOCK, O_WRONLY } from '../posix/constants.ts';
import { openFile } from '../posix/files.ts';
import { makeDirectories } from '../posix/paths.ts';
import { Descriptor } from './descriptor.ts';
import { FileHandle, OutputFifo, type ReaderWait } from './fifo.ts';
import { DescriptorSink, type Sink } from './sink.ts';

const directoryMode = 0o755;
const fileMode = 0o644;

/**
 * Opens the file of a `file:` URI for appending; creates it and the directories above it (contract 7.1). O_NONBLOCK
 * means nothing to a file, and keeps the open from waiting should the path be a FIFO.
 */
export const openLogFile = (path: string): Sink => {
  const slash = path.lastIndexOf('/');
  if (slash > 0) makeDirectories(path.slice(0, slash), directoryMode);
  const descriptor = new Descriptor(
    openFile(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, fileMode),
  );
  return new DescriptorSink(path, descriptor, true);
};

/**
 * Opens a plain path: a FIFO as 7.3 says, anything else for appending, without creating it. O_NONBLOCK for what is
 * neither FIFO nor file, a device for instance, which must not stop the thread that moves everybody's bytes.
 */
export const openDestination = (
  path: string,
  stream: string,
  wait: ReaderWait,
): Sink | Promise<Sink> => {
  const handle = new FileHandle(path);
  if (handle.isFifo) return OutputFifo.open(handle, stream, wait);
  try {
    return new DescriptorSink(path, handle.open(O_WRONLY | O_APPEND | O_NONBLOCK), true);
  } finally {
    handle.close();
  }
};
