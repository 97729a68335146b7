/** The steps of a container's life, in order. */
export const STEPS = ['create', 'start', 'exec', 'kill', 'delete', 'shutdown'] as const;
export type Step = (typeof STEPS)[number];

/**
 * When a fault strikes: before the call, or in the middle of it. Those in the middle but `drain` are gates of the runtime
 * (gates.ts); `drain` is when the server has begun to shut down and its last events are not delivered yet.
 */
export type Point = 'before' | 'called' | 'hook' | 'late' | 'done' | 'drain';

const POINTS: Readonly<Record<Step, readonly Point[]>> = {
  create: ['before', 'called', 'hook', 'late', 'done'],
  start: ['before', 'called', 'done'],
  exec: ['before', 'called', 'done'],
  kill: ['before', 'called', 'done'],
  delete: ['before', 'called', 'hook', 'done'],
  shutdown: ['before', 'drain'],
};

/** All moments of a step, the earliest first. */
export function pointsOf(step: Step): readonly Point[] {
  return POINTS[step];
}

/** How a step's call ended: well, with an error, or without an answer. */
export type Outcome = 'done' | 'failed' | 'no answer';
