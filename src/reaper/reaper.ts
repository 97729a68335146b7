import { reapExited, type SpawnRequest, spawn } from '../posix/processes.ts';
import { Command } from './command.ts';
import type { Exit } from './exit.ts';
import { ExitFlood } from './exitFlood.ts';
import { SpawnTurns } from './spawnTurns.ts';
import { type ExitListener, Subscription } from './subscription.ts';

/**
 * The one owner of waiting. On SIGCHLD it collects every dead child, the adopted ones included, and fans the exits
 * out: a command's exit settles that command, and every subscriber is told of all of them in reap order.
 *
 * An exit belongs to whoever holds the pid at the moment of reaping: pids are handed out again within seconds, so
 * nothing here remembers one any longer than its process lives (containerd#13049).
 */
export class Reaper {
  /** For those who can wait: commands that come by the dozen. */
  readonly turns: SpawnTurns = new SpawnTurns();
  readonly #commands = new Map<number, Command>();
  readonly #subscriptions = new Set<Subscription>();
  readonly #report: (error: unknown) => void;
  readonly #started: (pid: number, request: SpawnRequest) => void;
  readonly #flood = new ExitFlood(() => this.reap());
  readonly #onSignal = (): void => {
    if (this.reap() > 0) this.#flood.signalled();
  };
  #installed = false;
  #reaped = 0;

  /**
   * @param report is given what a subscriber threw.
   * @param started is told of each command, once it runs.
   */
  constructor(
    report: (error: unknown) => void = () => {},
    started: (pid: number, request: SpawnRequest) => void = () => {},
  ) {
    this.#report = report;
    this.#started = started;
  }

  /** Commands that are running now. */
  get runningCommands(): readonly number[] {
    return [...this.#commands.keys()];
  }

  /** How many processes were reaped since the start, strangers included. */
  get reapedCount(): number {
    return this.#reaped;
  }

  /** Starts reaping, and collects what died before anybody listened. */
  install(): void {
    if (this.#installed) return;
    this.#installed = true;
    process.on('SIGCHLD', this.#onSignal);
    this.reap();
  }

  uninstall(): void {
    if (!this.#installed) return;
    this.#installed = false;
    this.#flood.end();
    process.off('SIGCHLD', this.#onSignal);
  }

  subscribe(listener?: ExitListener): Subscription {
    const subscription = new Subscription(listener, (left) => this.#subscriptions.delete(left));
    this.#subscriptions.add(subscription);
    return subscription;
  }

  /**
   * Starts a command. Its pid is registered in the same turn as the spawn, so its exit cannot be missed.
   * @throws SystemError when it cannot be executed.
   */
  start(request: SpawnRequest): Command {
    const command = new Command(spawn(request));
    this.#commands.set(command.pid, command);
    this.#started(command.pid, request);
    return command;
  }

  /** Starts a command and waits for its end. */
  run(request: SpawnRequest): Promise<Exit> {
    return this.start(request).wait();
  }

  /** Collects whatever is dead now. SIGCHLD coalesces, hence always until nothing is left. @returns how many that were */
  reap(): number {
    const dead = reapExited();
    if (dead.length === 0) return 0;
    const at = Date.now();
    this.#reaped += dead.length;
    for (const { pid, status } of dead) {
      const command = this.#commands.get(pid);
      const exit: Exit = { pid, status, at, ofCommand: command !== undefined };
      if (command !== undefined) {
        this.#commands.delete(pid);
        command.settle(exit);
      }
      for (const subscription of this.#subscriptions) this.#deliver(subscription, exit);
    }
    return dead.length;
  }

  #deliver(subscription: Subscription, exit: Exit): void {
    try {
      subscription.deliver(exit);
    } catch (error) {
      this.#report(error);
    }
  }
}
