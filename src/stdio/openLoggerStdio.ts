import type { Descriptor, Opened } from './descriptor.ts';
import { LoggerStdio } from './loggerStdio.ts';
import { LoggingBinary } from './loggingBinary.ts';
import type { StdioOptions } from './openStdio.ts';
import { ContainerPipe, type PipeOwner } from './pipes.ts';
import type { ProcessStdio } from './processStdio.ts';
import type { LoggerCommand } from './uri.ts';

/** Opens the stdio of a process whose outputs a logging binary reads (contract 7.6). */
export const openLoggerStdio = async (
  options: StdioOptions,
  command: LoggerCommand,
  opened: Opened,
): Promise<ProcessStdio> => {
  const owner: PipeOwner = { uid: options.ioUid, gid: options.ioGid };
  const stdout = opened.add(ContainerPipe.forLogger(owner));
  const stderr = opened.add(ContainerPipe.forLogger(owner));
  const loggingBinary = await startLogger(options, command, stdout.ours, stderr.ours);
  stdout.ours.close();
  stderr.ours.close();
  return new LoggerStdio({ stdout, stderr, loggingBinary });
};

/** Starts the binary with the container's outputs as its fd 3 and 4. */
export const startLogger = (
  { containerId, namespace, reaper, cancel }: StdioOptions,
  command: LoggerCommand,
  stdout: Descriptor,
  stderr: Descriptor,
): Promise<LoggingBinary> =>
  LoggingBinary.start({
    command,
    stdout: stdout.number,
    stderr: stderr.number,
    containerId,
    namespace,
    reaper,
    cancel,
  });
