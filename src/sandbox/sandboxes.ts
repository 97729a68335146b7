import type { TaskService } from '../task/taskService.ts';
import type { Service } from '../ttrpc/server.ts';
import { sandboxMethods } from './methods.ts';
import type { SandboxService } from './sandboxService.ts';

/** The sandbox API of a server, and what a sandbox means to the server's end. */
export class Sandboxes {
  readonly service: Service;
  readonly #tasks: TaskService;
  readonly #end: () => void;
  #loaded: Promise<SandboxService> | undefined;
  #present = false;
  #wasShutDown = false;

  /** @param end ends the server: a sandbox was shut down, and no container is left */
  constructor(tasks: TaskService, end: () => void) {
    this.#tasks = tasks;
    this.#end = end;
    this.service = sandboxMethods(() => this.#load());
    tasks.onEmpty(() => this.#endWhenDue());
  }

  /** There is a sandbox: the last container's end is not the server's. */
  get present(): boolean {
    return this.#present;
  }

  #load(): Promise<SandboxService> {
    this.#loaded ??= import('./sandboxService.ts').then(
      ({ SandboxService }) =>
        new SandboxService(this.#tasks, (present) => {
          this.#present = present;
          this.#wasShutDown = !present;
          this.#endWhenDue();
        }),
    );
    return this.#loaded;
  }

  #endWhenDue(): void {
    if (this.#wasShutDown && this.#tasks.isEmpty) this.#end();
  }
}
