import type { Cancellation } from '../platform/cancellation.ts';
import type { Logger } from '../platform/log.ts';
import type { Reaper } from '../reaper/reaper.ts';
import { Opened } from './descriptor.ts';
import { InputFifo, startReaderWait } from './fifo.ts';
import { openDestination, openLogFile } from './file.ts';
import { NullStdio } from './nullStdio.ts';
import { type PipedOutput, PipedStdio } from './pipedStdio.ts';
import { ContainerPipe, type PipeOwner } from './pipes.ts';
import type { ProcessStdio, StdioPaths } from './processStdio.ts';
import { SharedSink, type Sink } from './sink.ts';
import { type FileTarget, parseStdout } from './uri.ts';

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
    // Terminals and logging binaries are chunks of their own: most servers never have one.
    if (terminal) {
      const { openTerminalStdio } = await import('./openTerminalStdio.ts');
      return await openTerminalStdio(options, target, opened);
    }
    if (target.kind === 'binary') {
      const { openLoggerStdio } = await import('./openLoggerStdio.ts');
      return await openLoggerStdio(options, target.logger, opened);
    }
    return await openPipedStdio(options, target, opened);
  } catch (error) {
    opened.close();
    throw error;
  }
};

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
