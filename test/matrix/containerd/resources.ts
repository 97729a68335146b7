import assert from 'node:assert/strict';
import type { ContainerdCell } from './row.ts';

const LIMIT_BYTES = 64 * 1024 * 1024;

/** Metrics of a container that has done something. */
export async function stats({ containerd }: ContainerdCell): Promise<void> {
  const id = containerd.newId('stats');
  const script = 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; exec /bin/sleep 1000';
  await containerd.runDetached(id, ['/bin/sh', '-c', script], '--memory-limit', `${LIMIT_BYTES}`);
  const metrics = await containerd.ctrWell('tasks', 'metrics', id);
  assert.match(metrics, /^memory\.usage(_in_bytes)?\s+[1-9]\d*/m);
  assert.match(
    metrics,
    new RegExp(`^memory\\.(limit_in_bytes|usage_limit)\\s+${LIMIT_BYTES}`, 'm'),
  );
  assert.match(metrics, /^cpu(acct)?\.usage(_usec)?\s+[1-9]\d*/m);
  assert.match(metrics, /^pids\.current\s+1/m);
  await containerd.remove(id);
}

/** A container beyond its memory is killed: the event tells of it, and comes before the exit's. */
export async function outOfMemory({ containerd }: ContainerdCell): Promise<void> {
  const events = await containerd.events();
  const id = containerd.newId('oom');
  const hog = ['/bin/tail', '-c', '1000000000', '/dev/zero'];
  const result = await containerd.run(id, hog, '--rm', '--memory-limit', `${LIMIT_BYTES}`);
  assert.equal(result.status, 137, result.stderr);
  await events.waitFor('/tasks/delete', (fields) => fields.container_id === id);
  const topics = events.topicsOf(id);
  assert.ok(topics.includes('/tasks/oom'), `events: ${topics.join(' ')}`);
  assert.ok(
    topics.indexOf('/tasks/oom') < topics.indexOf('/tasks/exit'),
    `events: ${topics.join(' ')}`,
  );
  await events.close();
}
