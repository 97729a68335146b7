import { SIGNALS } from '../posix/constants.ts';
import { ignoreSignal } from '../posix/processes.ts';

export interface SignalHandlers {
  /** SIGTERM or SIGINT, the first of them only: shutdown runs once (contract 3.4). */
  terminate(signal: 'SIGTERM' | 'SIGINT'): void;
  /** SIGUSR1, each time. */
  dump(): void;
}

export interface InstalledSignals {
  /** Gives TERM, INT and USR1 back to the runtime. SIGPIPE stays ignored. */
  remove(): void;
}

/**
 * The server's signals, as contract 3.4 lists them. HUP, USR2 and the rest keep their default action; CHLD
 * belongs to the reaper.
 *
 * Call it early: Node answers SIGUSR1 by opening its inspector as long as nobody listens for that signal.
 */
export function installSignals(handlers: SignalHandlers): InstalledSignals {
  ignoreSignal(SIGNALS.SIGPIPE);
  let terminated = false;
  const terminate = (signal: NodeJS.Signals): void => {
    if (terminated) return;
    terminated = true;
    handlers.terminate(signal === 'SIGINT' ? 'SIGINT' : 'SIGTERM');
  };
  const dump = (): void => handlers.dump();
  process.on('SIGTERM', terminate);
  process.on('SIGINT', terminate);
  process.on('SIGUSR1', dump);
  return {
    remove() {
      process.off('SIGTERM', terminate);
      process.off('SIGINT', terminate);
      process.off('SIGUSR1', dump);
    },
  };
}
