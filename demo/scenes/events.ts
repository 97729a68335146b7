import type { ContainerdEvent, EventStream } from '../../test/support/events.ts';
import { command, finding, output, step } from '../narrator.ts';
import type { Pod } from './pod.ts';

/** What containerd was told meanwhile, by the shims. */
export async function events({ containerd, web }: Pod, stream: EventStream): Promise<void> {
  step('The event stream', 'What the shims published since the beginning, in order.');
  const args = ['tasks', 'exec', ...containerd.fifoFlags(), '--exec-id', 'last', web, '/bin/true'];
  await containerd.ctrWell(...args);
  await stream.waitFor('/tasks/exit', (fields) => fields.id === 'last');
  const tasks = stream.seen.filter(({ topic }) => topic.startsWith('/tasks/'));
  const shown = tasks.filter(({ fields }) => fields.container_id === web);
  command(`ctr events | grep ${web}`);
  output(shown.map(describe).join('\n'));
  const ids = new Set(tasks.map(({ fields }) => fields.container_id));
  for (const id of ids) checkOrder(tasks.filter(({ fields }) => fields.container_id === id));
  finding(
    `${tasks.length} events of ${ids.size} containers: each start before its exit, each exit before its delete`,
  );
}

function describe({ topic, fields }: ContainerdEvent): string {
  const status = topic === '/tasks/exit' ? `, status ${fields.exit_status ?? 0}` : '';
  const name = processOf(fields);
  return `${topic.padEnd(20)} ${name === '' ? 'the container' : `process ${name}`}${status}`;
}

/** The name of an exec; empty for the container's own process. */
function processOf(fields: ContainerdEvent['fields']): string {
  const name = String(fields.id ?? fields.exec_id ?? '');
  return name === fields.container_id ? '' : name;
}

/** Throws when a process of the container has its events in another order than they must have. */
function checkOrder(events: readonly ContainerdEvent[]): void {
  const ranks = ['create', 'exec-added', 'start', 'exec-started', 'exit', 'delete'];
  const last = new Map<string, number>();
  for (const { topic, fields } of events) {
    const name = processOf(fields);
    const rank = ranks.indexOf(topic.slice('/tasks/'.length));
    if (rank < (last.get(name) ?? 0)) throw new Error(`${topic} of ${name} came too late`);
    last.set(name, rank);
  }
}
