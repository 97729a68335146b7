/** The task events a shim emits: where each is published, and its message (contract 9.1). */
export const taskEvents = {
  create: { topic: '/tasks/create', typeName: 'containerd.events.TaskCreate' },
  start: { topic: '/tasks/start', typeName: 'containerd.events.TaskStart' },
  exit: { topic: '/tasks/exit', typeName: 'containerd.events.TaskExit' },
  delete: { topic: '/tasks/delete', typeName: 'containerd.events.TaskDelete' },
  oom: { topic: '/tasks/oom', typeName: 'containerd.events.TaskOOM' },
  execAdded: { topic: '/tasks/exec-added', typeName: 'containerd.events.TaskExecAdded' },
  execStarted: { topic: '/tasks/exec-started', typeName: 'containerd.events.TaskExecStarted' },
  paused: { topic: '/tasks/paused', typeName: 'containerd.events.TaskPaused' },
  resumed: { topic: '/tasks/resumed', typeName: 'containerd.events.TaskResumed' },
  checkpointed: { topic: '/tasks/checkpointed', typeName: 'containerd.events.TaskCheckpointed' },
} as const satisfies Record<string, EventType>;

export interface EventType {
  readonly topic: string;
  /** Full protobuf name, which is also the event's type URL. */
  readonly typeName: string;
}

const KEPT_TOPICS: ReadonlySet<string> = new Set([
  taskEvents.exit.topic,
  taskEvents.oom.topic,
  taskEvents.delete.topic,
]);

/**
 * Must this event reach the daemon, however long it is away? Docker learns of a container's end from
 * nothing else (contract 9.2), and an OOM or a deletion is told only once.
 */
export function isKept(topic: string): boolean {
  return KEPT_TOPICS.has(topic);
}
