import { type Cancellation, neverCancelled } from '../platform/cancellation.ts';
import { SIGKILL } from '../posix/constants.ts';
import type { AnyValue } from '../proto/any.ts';
import {
  CreateTaskRequest,
  DeleteRequest,
  type MessageInput,
  StartRequest,
} from '../proto/messages.ts';
import type { Container } from '../task/container.ts';
import type { ProcessExit } from '../task/process.ts';
import type { TaskService } from '../task/taskService.ts';
import type { SandboxHolder } from './holder.ts';
import { killContainer } from './killContainer.ts';

/** A pod whose bundle has a spec: that is run as an ordinary container, under the sandbox's id. */
export class PauseContainer implements SandboxHolder {
  readonly #tasks: TaskService;
  readonly #id: string;
  #container: Container | undefined;

  private constructor(tasks: TaskService, id: string) {
    this.#tasks = tasks;
    this.#id = id;
    this.#container = tasks.containers.get(id);
  }

  /** @throws what a Create of the Task API throws */
  static async create(
    tasks: TaskService,
    request: MessageInput<CreateTaskRequest> & { readonly id: string },
    call: Cancellation,
  ): Promise<PauseContainer> {
    // Through the wire form: every field that is not given has its default then.
    await tasks.create(CreateTaskRequest.decode(CreateTaskRequest.encode(request).finish()), call);
    return new PauseContainer(tasks, request.id);
  }

  get pid(): number {
    return this.#container?.init.pid ?? 0;
  }

  describe(): string {
    return `pause container ${this.#id}`;
  }

  async start(call: Cancellation): Promise<void> {
    const request = StartRequest.encode({ id: this.#id }).finish();
    await this.#tasks.start(StartRequest.decode(request), call);
  }

  onEnd(listener: (exit: ProcessExit) => void): void {
    const init = this.#container?.init;
    const told = (): void => listener(init?.exit ?? { status: 0, at: Date.now() });
    const waiting = init?.wait(neverCancelled);
    if (waiting === undefined) told();
    else void waiting.then(told);
  }

  async stop(call: Cancellation): Promise<void> {
    const container = this.#container;
    if (container === undefined || container.init.exit !== undefined) return;
    const over = container.init.wait(call);
    await killContainer(container, SIGKILL, call);
    await over;
  }

  async remove(): Promise<void> {
    if (!this.#tasks.containers.has(this.#id)) return;
    await this.stop(neverCancelled);
    await this.#tasks.delete(DeleteRequest.decode(DeleteRequest.encode({ id: this.#id }).finish()));
    this.#container = undefined;
  }

  async stats(): Promise<AnyValue | undefined> {
    return this.#container?.cgroup?.stats();
  }
}
