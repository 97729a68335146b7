import type { TaskService } from '../task/taskService.ts';
import type { Service, UnaryHandler } from '../ttrpc/server.ts';
import { unimplemented } from '../ttrpc/status.ts';

const methodNames = [
  ...['CreateSandbox', 'StartSandbox', 'Platform', 'StopSandbox', 'WaitSandbox'],
  ...['SandboxStatus', 'PingSandbox', 'ShutdownSandbox', 'SandboxMetrics'],
] as const;

/** The sandbox API of a server, and what a sandbox means to the server's end. */
export class Sandboxes {
  readonly service: Service;
  readonly #tasks: TaskService;
  readonly #end: () => void;
  #loaded: Promise<ReadonlyMap<string, UnaryHandler>> | undefined;
  #present = false;
  #wasShutDown = false;

  /** @param end ends the server: a sandbox was shut down, and no container is left */
  constructor(tasks: TaskService, end: () => void) {
    this.#tasks = tasks;
    this.#end = end;
    this.service = {
      name: 'containerd.runtime.sandbox.v1.Sandbox',
      unary: new Map(methodNames.map((name) => [name, this.#method(name)])),
    };
    tasks.onEmpty(() => this.#endWhenDue());
  }

  /** There is a sandbox: the last container's end is not the server's. */
  get present(): boolean {
    return this.#present;
  }

  /** Most daemons use no sandboxes: what answers is a chunk of its own, loaded at the first call. */
  #method(name: string): UnaryHandler {
    return async (payload, call) => {
      this.#loaded ??= this.#load();
      const handler = (await this.#loaded).get(name);
      if (handler === undefined) throw unimplemented(name);
      return handler(payload, call);
    };
  }

  async #load(): Promise<ReadonlyMap<string, UnaryHandler>> {
    const { openSandboxes } = await import('./methods.ts');
    return openSandboxes(this.#tasks, (present) => {
      this.#present = present;
      this.#wasShutDown = !present;
      this.#endWhenDue();
    });
  }

  #endWhenDue(): void {
    if (this.#wasShutDown && this.#tasks.isEmpty) this.#end();
  }
}
