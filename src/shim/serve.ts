import { Publisher } from '../events/publisher.ts';
import type { ShimFlags } from '../flags.ts';
import { KnownRuntimes } from '../oci/direct/knownRuntimes.ts';
import { OciRuntime } from '../oci/runtime.ts';
import { runtimeEnvironment } from '../oci/runtimeEnvironment.ts';
import { platform } from '../platform/runtime.ts';
import { inheritedOpenFiles } from '../posix/limits.ts';
import { dropCleanPages } from '../posix/memory.ts';
import { becomeSubreaper, disableHugePages, exitNow } from '../posix/processes.ts';
import { Reaper } from '../reaper/reaper.ts';
import { RUNTIME_NAME } from '../runtimeName.ts';
import { Sandboxes } from '../sandbox/sandboxes.ts';
import type { TaskContext } from '../task/context.ts';
import { ExitTracker } from '../task/exits.ts';
import { taskServices } from '../task/methods.ts';
import { TaskEvents } from '../task/taskEvents.ts';
import { TaskService } from '../task/taskService.ts';
import { Server } from '../ttrpc/server.ts';
import { version } from '../version.ts';
import type { DebugSocket } from './debugSocket.ts';
import type { Dumper } from './dump.ts';
import {
  recordCalls,
  recordComplaints,
  recordExit,
  recordPublishes,
  recordSpawn,
} from './flightHooks.ts';
import { FlightRecorder } from './flightRecorder.ts';
import { IdleWatch } from './idle.ts';
import { introspectionService } from './introspectionService.ts';
import { ListeningSocket } from './listeningSocket.ts';
import { ServerLog } from './serverLog.ts';
import { Shutdown } from './shutdown.ts';
import { installSignals } from './signals.ts';
import { startUpCodeDropper } from './startUpCode.ts';
import { isTrustedPeer } from './trustedPeer.ts';
import { watchEventLoop } from './watchdog.ts';

/** Listening sockets that `start` made, as descriptors. */
export interface InheritedSockets {
  readonly main: number;
  /** There only with -debug. */
  readonly debug: number | undefined;
}

/**
 * The server's life (contract 3): everything a pod needs is put together here, and from then on only events happen.
 * Returns once it serves; the process ends through Shutdown.
 */
export function serve(flags: ShimFlags, sockets: InheritedSockets): void {
  becomeSubreaper();
  disableHugePages();
  // The bundle of the group's first container. It may vanish while others live, so it is never asked for again (trap 8).
  const bundle = process.cwd();
  const recorder = new FlightRecorder();
  const fifoLogger = new ServerLog({
    path: `${bundle}/log`,
    debug: flags.debug,
    fields: { runtime: RUNTIME_NAME, namespace: flags.namespace, pid: process.pid },
    takeOverStandardError: true,
  });
  const logger = recordComplaints(fifoLogger, recorder);
  const socket =
    flags.socket === ''
      ? ListeningSocket.inherit(sockets.main)
      : ListeningSocket.listen(flags.socket);

  const publisher = new Publisher({
    address: process.env.TTRPC_ADDRESS ?? '',
    namespace: flags.namespace,
    logger,
  });
  const dropStartUpCode = startUpCodeDropper();
  const reaper = new Reaper(
    (error) => logger.error({ error }, 'exit handling failed'),
    (pid, request) => {
      recordSpawn(recorder, pid, request);
      dropStartUpCode();
    },
  );
  const exits = new ExitTracker();
  const helpers = {
    reaper,
    environment: runtimeEnvironment(process.env),
    openFiles: inheritedOpenFiles(),
  };
  const context: TaskContext = {
    namespace: flags.namespace,
    events: new TaskEvents(recordPublishes(publisher, recorder)),
    ...{ reaper, exits, logger, helpers },
    runtimes: process.env.PODSHIM_DIRECT_PATH === 'off' ? undefined : new KnownRuntimes(helpers),
    openRuntime: (containerBundle, options) =>
      new OciRuntime({
        ...helpers,
        ...{ namespace: flags.namespace, bundle: containerBundle },
        binary: options.binaryName,
        root: options.root,
        systemdCgroup: options.systemdCgroup,
        criuPath: options.criuPath,
      }),
  };
  const tasks = new TaskService(context, () => {
    if (!sandboxes.present) shutdown.begin('no container is left');
  });
  const sandboxes = new Sandboxes(tasks, () => shutdown.begin('the sandbox was shut down'));
  const introspection = introspectionService({
    ...{ namespace: flags.namespace, id: flags.id, socket: socket.path },
    ...{ tasks, reaper, publisher, recorder },
    server: () => server,
    dumper: () => openDumper(),
  });
  const server = new Server({
    services: [
      ...recordCalls([...taskServices(tasks), sandboxes.service], recorder),
      introspection,
    ],
    authorize(connection) {
      if (!isTrustedPeer(connection)) return false;
      // A daemon that dials is a daemon that listens: events that wait for it need not wait any longer.
      publisher.retrySoon();
      return true;
    },
    activity: () => idle.touch(),
    logger,
  });
  let debugSocket: DebugSocket | undefined;
  const exit = (status: number): void => {
    debugSocket?.close();
    dumper?.close();
    fifoLogger.flush();
    exitNow(status);
  };
  let dumper: Dumper | undefined;
  const openDumper = async (): Promise<Dumper> => {
    const { serverDumper } = await import('./serverDumper.ts');
    const identity = { namespace: flags.namespace, id: flags.id, logger };
    dumper ??= serverDumper(identity, { tasks, server, reaper, exits, publisher, recorder });
    return dumper;
  };
  const shutdown = new Shutdown({ socket, server, publisher, logger, exit });

  installSignals({
    terminate: (signal) => shutdown.begin(signal),
    dump: () => void openDumper().then((opened) => opened.dump('SIGUSR1')),
  });
  watchEventLoop({ namespace: flags.namespace, id: flags.id, version, logger });
  const idle = new IdleWatch(() => {
    platform.parkConnections(() => idle.touch());
    platform.collectGarbage();
    // In a turn of its own, after what the collection has put off.
    setTimeout(dropCleanPages, 0);
  });
  idle.touch();
  reaper.subscribe((exit) => recordExit(recorder, exits, exit));
  reaper.subscribe(() => idle.touch());
  reaper.subscribe((exit) => exits.deliver(exit));
  reaper.install();
  server.serve(socket.descriptor);
  if (flags.debug || flags.debugSocket !== '') {
    // A chunk of its own: other servers do not have it in memory.
    void import('./debugSocket.ts').then((chunk) => {
      const dump = async (): Promise<string> => (await openDumper()).take('debug socket').text;
      debugSocket = chunk.DebugSocket.serve(flags, sockets.debug, { dump }, logger);
    });
  }
  fifoLogger.announce({ version, path: socket.path }, 'serving');
}
