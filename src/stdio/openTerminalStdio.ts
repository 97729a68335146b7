import { makePipe, setNonBlocking } from '../posix/files.ts';
import { ConsoleSocket } from './consoleSocket.ts';
import { Descriptor, type Opened } from './descriptor.ts';
import { InputFifo, type ReaderWait, startReaderWait } from './fifo.ts';
import { openDestination, openLogFile } from './file.ts';
import type { LoggingBinary } from './loggingBinary.ts';
import { startLogger } from './openLoggerStdio.ts';
import type { StdioOptions } from './openStdio.ts';
import type { ProcessStdio } from './processStdio.ts';
import { DescriptorSink, openNowhere, type Sink } from './sink.ts';
import { TerminalStdio } from './terminalStdio.ts';
import type { FileTarget, LoggerCommand, StdoutTarget } from './uri.ts';

/** Opens the stdio of a process with a terminal (contract 7.4): its console socket, and what the terminal is joined to. */
export const openTerminalStdio = async (
  options: StdioOptions,
  target: StdoutTarget,
  opened: Opened,
): Promise<ProcessStdio> => {
  const { paths, cancel, logger } = options;
  const socket = opened.add(ConsoleSocket.open());
  const stdin = paths.stdin === '' ? undefined : opened.add(new InputFifo(paths.stdin));
  if (target.kind === 'binary') {
    const { sink, loggingBinary } = await openTerminalLogger(options, target.logger, opened);
    return new TerminalStdio({ socket, stdin, stdout: sink, loggingBinary, cancel, logger });
  }
  const wait = startReaderWait(cancel, options.readerLimitMilliseconds);
  const sink = openTerminalSink(target, wait);
  const stdout = opened.add(sink instanceof Promise ? await sink : sink);
  return new TerminalStdio({ socket, stdin, stdout, loggingBinary: undefined, cancel, logger });
};

/** The reference fails for a file, and for no stdout at all (contract 7.4); there is no reason to. */
const openTerminalSink = (target: FileTarget, wait: ReaderWait): Sink | Promise<Sink> => {
  if (target.path === '') return openNowhere();
  if (target.kind === 'file') return openLogFile(target.path);
  return openDestination(target.path, 'stdout', wait);
};

/** The binary reads what the terminal says from fd 3; fd 4 is a pipe that ends together with it (contract 7.6). */
const openTerminalLogger = async (
  options: StdioOptions,
  command: LoggerCommand,
  opened: Opened,
): Promise<{ sink: Sink; loggingBinary: LoggingBinary }> => {
  const stdout = openPipe(opened);
  const stderr = openPipe(opened);
  setNonBlocking(stdout.writer.number, true);
  const loggingBinary = await startLogger(options, command, stdout.reader, stderr.reader);
  stdout.reader.close();
  stderr.reader.close();
  const pipe = new DescriptorSink('logging binary', stdout.writer, false);
  const sink: Sink = {
    get descriptor() {
      return pipe.descriptor;
    },
    mayRecover: false,
    close: () => {
      pipe.close();
      stderr.writer.close();
    },
    describe: () => pipe.describe(),
  };
  return { sink, loggingBinary };
};

const openPipe = (opened: Opened): { reader: Descriptor; writer: Descriptor } => {
  const [reader, writer] = makePipe();
  return { reader: opened.add(new Descriptor(reader)), writer: opened.add(new Descriptor(writer)) };
};
