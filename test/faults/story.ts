import assert from 'node:assert/strict';

/** What each event says has happened, by its short form (EventSink.story). */
const SAYS: Readonly<Record<string, string>> = {
  create: 'create',
  start: 'start',
  'exec-added e': 'exec',
  'exec-started e': 'exec',
  'exit e': 'exec',
  exit: 'create',
  delete: 'delete',
};

/** A container's whole life with one exec `e`. */
export const WHOLE_LIFE = [
  'create',
  'start',
  'exec-added e',
  'exec-started e',
  'exit e',
  'exit',
  'delete',
];

/**
 * Whether a container's events tell the truth, though their end may be missing because the shim was killed: nothing that
 * was not tried, nothing twice, everything in the order of a life.
 * @param tried the steps that were called
 */
export function checkTrue(story: readonly string[], tried: ReadonlySet<string>): void {
  const told = story.map((line) => SAYS[line] ?? line);
  const untrue = story.filter((_, index) => !tried.has(told[index] ?? ''));
  assert.deepEqual(untrue, [], 'events of what did not happen');
  assert.equal(new Set(story).size, story.length, `an event twice: ${story.join(', ')}`);
  const places = story.map((line) => WHOLE_LIFE.indexOf(line));
  const sorted = [...places].sort((a, b) => a - b);
  assert.deepEqual(places, sorted, `events out of order: ${story.join(', ')}`);
}
