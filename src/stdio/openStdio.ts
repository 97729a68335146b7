import type { Cancellation } from '../platform/cancellation.ts';
import type { Logger } from '../platform/log.ts';
import { makePipe, setNonBlocking } from '../posix/files.ts';
import type { Reaper } from '../reaper/reaper.ts';
import { ConsoleSocket } from './consoleSocket.ts';
import { Descriptor, Opened } from './descriptor.ts';
import { InputFifo, type ReaderWait, startReaderWait } from './fifo.ts';
import { openDestination, openLogFile } from './file.ts';
import { LoggerStdio } from './loggerStdio.ts';
import { LoggingBinary } from './loggingBinary.ts';
import { NullStdio } from './nullStdio.ts';
import { type PipedOutput, PipedStdio } from './pipedStdio.ts';
import { ContainerPipe, type PipeOwner } from './pipes.ts';
import type { ProcessStdio, StdioPaths } from './processStdio.ts';
import { DescriptorSink, openNowhere, SharedSink, type Sink } from './sink.ts';
import { TerminalStdio } from './terminalStdio.ts';
import { type LoggerCommand, parseStdout, type StdoutTarget } from './uri.ts';

export interface StdioOptions {
  readonly paths: StdioPaths;
  /** Who owns the container's ends of the pipes: options io_uid and io_gid. */
  readonly ioUid: number;
  readonly ioGid: number;
  /** The container's id, or the exec's: what a logging binary is told. */
  readonly containerId: string;
  readonly namespace: string;
  /** The call this is done for. */
  readonly cancel?: Cancellation | undefined;
  /** How long outputs may be without a reader; 30 s by default (contract 7.3). */
  readonly readerLimitMilliseconds?: number;
  readonly reaper: Reaper;
  readonly logger: Logger;
}

/**
 * Opens the stdio of a process that is about to be created: the FIFOs, with a reader on each output, the pipes or the
 * console socket, the logging binary. Whatever fails, nothing stays open.
 *
 * The reference opens its FIFOs after the runtime has run; a client that never opens its side is found out here
 * before there is a container to undo.
 * @throws Error in the words of contract 7; SystemError.
 */
export const openStdio = async (options: StdioOptions): Promise<ProcessStdio> => {
  const { stdin, stdout, stderr, terminal } = options.paths;
  if (!terminal && stdin === '' && stdout === '' && stderr === '') return new NullStdio();
  const target = parseStdout(stdout);
  const opened = new Opened();
  try {
    if (terminal) return await openTerminalStdio(options, target, opened);
    if (target.kind === 'binary') return await openLoggerStdio(options, target.logger, opened);
    return await openPipedStdio(options, target, opened);
  } catch (error) {
    opened.close();
    throw error;
  }
};

type FileTarget = Exclude<StdoutTarget, { kind: 'binary' }>;

const openPipedStdio = async (
  { paths, ioUid, ioGid, cancel, readerLimitMilliseconds, logger }: StdioOptions,
  target: FileTarget,
  opened: Opened,
): Promise<ProcessStdio> => {
  const owner: PipeOwner = { uid: ioUid, gid: ioGid };
  let stdin: { pipe: ContainerPipe; fifo: InputFifo } | undefined;
  if (paths.stdin !== '') {
    const fifo = opened.add(new InputFifo(paths.stdin));
    stdin = { fifo, pipe: opened.add(ContainerPipe.forInput(owner)) };
  }
  const wait = startReaderWait(cancel, readerLimitMilliseconds);
  const connect = (stream: PipedOutput['stream'], sink: Sink): PipedOutput => ({
    stream,
    sink,
    pipe: opened.add(ContainerPipe.forOutput(owner)),
  });
  const open = async (stream: PipedOutput['stream'], path: string): Promise<Sink> => {
    const sink = openDestination(path, stream, wait);
    return opened.add(sink instanceof Promise ? await sink : sink);
  };

  let stdout: PipedOutput | undefined;
  let stderr: PipedOutput | undefined;
  if (target.kind === 'file') {
    const shared = new SharedSink(opened.add(openLogFile(target.path)));
    stdout = connect('stdout', shared.use());
    stderr = connect('stderr', shared.use());
  } else if (target.path !== '' && target.path === paths.stderr) {
    const shared = new SharedSink(await open('stdout', target.path));
    stdout = connect('stdout', shared.use());
    stderr = connect('stderr', shared.use());
  } else {
    if (target.path !== '') stdout = connect('stdout', await open('stdout', target.path));
    if (paths.stderr !== '') stderr = connect('stderr', await open('stderr', paths.stderr));
  }
  return new PipedStdio({ stdin, stdout, stderr, logger });
};

const openLoggerStdio = async (
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

const openTerminalStdio = async (
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

const startLogger = (
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
