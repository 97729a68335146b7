import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import type { ExecRequest } from '../../../src/oci/runtime.ts';
import type { ContainerRuntime } from '../../../src/task/context.ts';

/** Above every possible pid of this machine, so that no signal can ever reach a real process. */
const firstPid = 5_000_000;
/** Few numbers, so that they are handed out again all the time. */
const pidCount = 12;

export interface SimulatedProcess {
  readonly pid: number;
  /** Container and process id; a stranger's name starts with '?'. */
  readonly name: string;
  readonly container: string;
  readonly isInit: boolean;
}

export interface SimulatedExit {
  readonly pid: number;
  readonly status: number;
  readonly at: number;
  readonly ofCommand: false;
}

/** A runtime command in flight: it takes effect at one step and returns at a later one. */
interface Flight {
  readonly effect: () => void;
  /** The last thing before it returns. */
  readonly finish: () => void;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  happened: boolean;
}

/**
 * A small operating system under test control: processes with recycled pids, an OCI runtime whose commands take effect
 * and return when the test says so, and deaths that are reaped when the test says so.
 */
export class World {
  readonly directory: string;
  /** What each process really ended with, by name. */
  readonly statuses = new Map<string, number>();
  /** Containers whose init's exit has been given to the tracker. */
  readonly initExitDelivered = new Set<string>();
  /** Rules that were broken inside the runtime. */
  readonly violations: string[] = [];
  readonly #alive: SimulatedProcess[] = [];
  readonly #zombies: { process: SimulatedProcess; status: number }[] = [];
  readonly #flights: Flight[] = [];
  readonly #inits = new Map<string, SimulatedProcess>();
  readonly #ownPidNamespace = new Set<string>();
  /** Pids that are in no pid file yet. The kernel has thousands to hand out before it comes to them again. */
  readonly #unwritten = new Set<number>();
  #clock = 1_700_000_000_000;
  #nextPid = 0;
  #deaths = 0;
  #strangers = 0;

  constructor(directory: string) {
    this.directory = directory;
  }

  get now(): number {
    return this.#clock;
  }

  get flightCount(): number {
    return this.#flights.length;
  }

  bundleOf(container: string): string {
    return `${this.directory}/${container}`;
  }

  addBundle(container: string, ownPidNamespace: boolean): void {
    const path = this.bundleOf(container);
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path, { recursive: true });
    const namespaces = ownPidNamespace ? [{ type: 'pid' }] : [];
    writeFileSync(`${path}/config.json`, JSON.stringify({ linux: { namespaces } }));
    if (ownPidNamespace) this.#ownPidNamespace.add(container);
  }

  /** Lets one command in flight go a step further: first its effect, then its return. */
  advance(choice: number): void {
    const flight = this.#pick(this.#flights, choice);
    if (flight === undefined) return;
    this.#clock += 1000;
    if (!flight.happened) {
      flight.happened = true;
      try {
        flight.effect();
      } catch (error) {
        this.#land(flight);
        flight.reject(error instanceof Error ? error : new Error(String(error)));
      }
      return;
    }
    this.#land(flight);
    flight.finish();
    flight.resolve();
  }

  /** Fails one command that has had no effect yet. */
  fail(choice: number): void {
    const flight = this.#pick(
      this.#flights.filter((each) => !each.happened),
      choice,
    );
    if (flight === undefined) return;
    this.#land(flight);
    flight.reject(new Error('simulated failure'));
  }

  /** Ends one living process, as the kernel would: with its pid namespace when it is that one's init. */
  killSome(choice: number): void {
    const victim = this.#pick(this.#alive, choice);
    if (victim !== undefined) this.#die(victim);
  }

  spawnStranger(): void {
    this.#strangers += 1;
    this.#spawn(`?${this.#strangers}`, '?', false);
  }

  /** Reaps the process that died first. */
  reap(): SimulatedExit | undefined {
    const zombie = this.#zombies.shift();
    if (zombie === undefined) return undefined;
    this.#clock += 1000;
    const { process, status } = zombie;
    if (process.isInit) this.initExitDelivered.add(process.container);
    return { pid: process.pid, status, at: this.#clock, ofCommand: false };
  }

  /** Does a living or an unreaped process hold this pid? */
  isHeld(pid: number): boolean {
    return (
      this.#alive.some((process) => process.pid === pid) ||
      this.#zombies.some(({ process }) => process.pid === pid)
    );
  }

  runtimeFor(): ContainerRuntime {
    return {
      binary: 'simulated',
      root: '/',
      create: (id) => this.#fly(() => this.#create(id)),
      start: (id) => this.#fly(() => this.#requireInit(id)),
      exec: (id, request) => {
        if (this.initExitDelivered.has(id)) this.violations.push(`I4: exec in ${id} after its end`);
        return this.#startExec(id, request);
      },
      kill: () => Promise.resolve(),
      killAll: (id) => this.#fly(() => this.#killMembers(id)),
      pause: (id) => this.#fly(() => this.#requireInit(id)),
      resume: () => this.#fly(() => {}),
      update: () => Promise.resolve(),
      pids: () => Promise.resolve([]),
      checkpoint: () => Promise.resolve(),
      restore: (id) => this.#fly(() => this.#create(id)),
      delete: (id) => this.#fly(() => this.#delete(id)),
    };
  }

  #create(id: string): void {
    const init = this.#spawn(`${id}/${id}`, id, true);
    this.#inits.set(id, init);
    this.#writePidFile(`${this.bundleOf(id)}/init.pid`, init.pid);
  }

  /** The pid file is written last: by then the process may be over and reaped. */
  #startExec(id: string, request: ExecRequest): Promise<void> {
    let pid = 0;
    const effect = () => {
      this.#requireInit(id);
      ({ pid } = this.#spawn(`${id}/${request.execId}`, id, false));
      this.#unwritten.add(pid);
    };
    const finish = () => {
      this.#unwritten.delete(pid);
      this.#writePidFile(`${this.bundleOf(id)}/${request.execId}.pid`, pid);
    };
    return this.#fly(effect, finish);
  }

  /** Kills an init that never ran, as `runc delete` does. */
  #delete(id: string): void {
    const init = this.#inits.get(id);
    if (init !== undefined && this.#alive.includes(init)) this.#die(init);
  }

  #requireInit(id: string): void {
    const init = this.#inits.get(id);
    if (init === undefined || !this.#alive.includes(init)) throw new Error('container not running');
  }

  #killMembers(id: string): void {
    for (const process of this.#alive.filter((each) => each.container === id)) this.#die(process);
  }

  #die(process: SimulatedProcess): void {
    const index = this.#alive.indexOf(process);
    if (index < 0) return;
    this.#alive.splice(index, 1);
    this.#deaths += 1;
    const status = this.#deaths % 256;
    this.statuses.set(process.name, status);
    this.#zombies.push({ process, status });
    if (process.isInit && this.#ownPidNamespace.has(process.container)) {
      this.#killMembers(process.container);
    }
  }

  #spawn(name: string, container: string, isInit: boolean): SimulatedProcess {
    const process = { pid: this.#freePid(), name, container, isInit };
    this.#alive.push(process);
    return process;
  }

  /** The next number that neither a living nor an unreaped process holds. */
  #freePid(): number {
    for (let tries = 0; tries < pidCount; tries += 1) {
      const pid = firstPid + (this.#nextPid % pidCount);
      this.#nextPid += 1;
      if (!this.isHeld(pid) && !this.#unwritten.has(pid)) return pid;
    }
    throw new Error('no pid is free');
  }

  #writePidFile(path: string, pid: number): void {
    writeFileSync(path, String(pid));
    utimesSync(path, this.#clock / 1000, this.#clock / 1000);
  }

  #fly(effect: () => void, finish: () => void = () => {}): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#flights.push({ effect, finish, resolve, reject, happened: false });
    });
  }

  #land(flight: Flight): void {
    this.#flights.splice(this.#flights.indexOf(flight), 1);
  }

  #pick<T>(list: readonly T[], choice: number): T | undefined {
    return list[choice % Math.max(1, list.length)];
  }
}
