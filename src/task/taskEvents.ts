import { type EventType, taskEvents } from '../events/topics.ts';
import type { Mount } from '../proto/messages.ts';
import {
  TaskCreate,
  TaskDelete,
  TaskExecAdded,
  TaskExecStarted,
  TaskExit,
  TaskOOM,
  TaskPaused,
  TaskResumed,
  TaskStart,
} from '../proto/messages.ts';
import { timestampOf } from '../proto/timestamp.ts';
import type { Exit } from '../reaper/exit.ts';
import type { StdioPaths } from '../stdio/processStdio.ts';

/** Takes an event for the daemon. Never blocks and never throws; order is kept. */
export interface EventSink {
  publish(topic: string, typeName: string, event: Uint8Array): void;
}

export interface CreatedTask {
  readonly id: string;
  readonly bundle: string;
  readonly rootfs: readonly Mount[];
  readonly paths: StdioPaths;
  readonly checkpoint: string;
  readonly pid: number;
}

/** The events of tasks, as containerd's clients read them (contract 9.1). */
export class TaskEvents {
  readonly #sink: EventSink;

  constructor(sink: EventSink) {
    this.#sink = sink;
  }

  create(task: CreatedTask): void {
    this.#publish(
      taskEvents.create,
      TaskCreate.encode({
        containerId: task.id,
        bundle: task.bundle,
        rootfs: task.rootfs,
        io: task.paths,
        checkpoint: task.checkpoint,
        pid: task.pid,
      }).finish(),
    );
  }

  start(containerId: string, pid: number): void {
    this.#publish(taskEvents.start, TaskStart.encode({ containerId, pid }).finish());
  }

  /** @param id the container's id for its init, else the exec's */
  exit(containerId: string, id: string, pid: number, exit: Pick<Exit, 'status' | 'at'>): void {
    this.#publish(
      taskEvents.exit,
      TaskExit.encode({
        containerId,
        id,
        pid,
        exitStatus: exit.status,
        exitedAt: timestampOf({ milliseconds: exit.at }),
      }).finish(),
    );
  }

  delete(containerId: string, pid: number, exit: Pick<Exit, 'status' | 'at'>): void {
    this.#publish(
      taskEvents.delete,
      TaskDelete.encode({
        containerId,
        pid,
        exitStatus: exit.status,
        exitedAt: timestampOf({ milliseconds: exit.at }),
      }).finish(),
    );
  }

  oom(containerId: string): void {
    this.#publish(taskEvents.oom, TaskOOM.encode({ containerId }).finish());
  }

  execAdded(containerId: string, execId: string): void {
    this.#publish(taskEvents.execAdded, TaskExecAdded.encode({ containerId, execId }).finish());
  }

  execStarted(containerId: string, execId: string, pid: number): void {
    this.#publish(
      taskEvents.execStarted,
      TaskExecStarted.encode({ containerId, execId, pid }).finish(),
    );
  }

  paused(containerId: string): void {
    this.#publish(taskEvents.paused, TaskPaused.encode({ containerId }).finish());
  }

  resumed(containerId: string): void {
    this.#publish(taskEvents.resumed, TaskResumed.encode({ containerId }).finish());
  }

  #publish(type: EventType, event: Uint8Array): void {
    this.#sink.publish(type.topic, type.typeName, event);
  }
}
