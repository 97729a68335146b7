import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { ConnectionClosedError, StatusError } from '../../src/ttrpc/status.ts';
import { waitUntil } from '../support/waiting.ts';
import { Life } from './life.ts';
import { HelperError } from './pod.ts';
import { type Outcome, type Point, STEPS, type Step } from './steps.ts';

/** Where a fault strikes. */
export interface Strike {
  readonly life: Life;
  readonly step: Step;
  readonly point: Point;
  /** Who waits at the gate: the runtime or its hook; 0 at points without a gate. */
  readonly pid: number;
  /** How often the step was tried before: faults that can be weaker are weaker each time. */
  readonly level: number;
}

/** Something that goes wrong around a shim. */
export interface Fault {
  readonly id: string;
  readonly title: string;
  /** Whether it can strike there; everywhere by default. */
  strikes?(step: Step, point: Point): boolean;
  /** Each step has to succeed in spite of it. */
  readonly isHarmless?: boolean;
  /** The server does not end by itself. */
  readonly killsShim?: boolean;
  /** The last events cannot arrive. */
  readonly losesEvents?: boolean;
  /** How often it strikes, weaker each time, until the step succeeds in spite of it; once by default. */
  readonly levels?: number;
  /** Makes the ground for it, before there is a container. */
  prepare?(life: Life): void | Promise<void>;
  inject(strike: Strike): void | Promise<void>;
  /** Ends it. What it has destroyed stays destroyed. */
  heal?(life: Life): void | Promise<void>;
}

/**
 * Leads a container to a step, has the fault strike there, and then, if the shim lives, through the rest of its life.
 * @returns how the step ended each time the fault struck
 */
export async function runTrial(
  fault: Fault,
  step: Step,
  point: Point,
  opened: (close: () => Promise<void>) => void,
): Promise<Outcome[]> {
  const life = await Life.begin(opened, (begun) => fault.prepare?.(begun));
  const place = STEPS.indexOf(step);
  for (const earlier of STEPS.slice(0, place)) await life.do(earlier);
  const outcomes = await strikeUntilDone(fault, life, step, point);
  if (!life.shimRuns) {
    const ended = step === 'shutdown' && outcomes.at(-1) === 'done';
    await life.end(ended && !fault.killsShim && !fault.losesEvents);
    return outcomes;
  }
  for (const later of STEPS.slice(place + 1)) {
    if (later === 'shutdown') {
      await life.checkBystander();
      await life.checkDescriptors();
    }
    await life.do(later);
  }
  await life.end(true);
  return outcomes;
}

/** In the end the step is done, or the shim is dead. */
async function strikeUntilDone(
  fault: Fault,
  life: Life,
  step: Step,
  point: Point,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let level = 0; level < (fault.levels ?? 1); level += 1) {
    const outcome = await strike(fault, life, step, point, level);
    outcomes.push(outcome);
    if (fault.isHarmless === true) assert.equal(outcome, 'done', step);
    if (outcome === 'done' || !life.shimRuns) return outcomes;
    const effect = await life.tookEffect(step);
    if (outcome === 'failed') assert.ok(!effect, `${step} failed, and took effect`);
    if (effect) return outcomes;
    await life.checkUndone(step);
  }
  await life.do(step);
  return outcomes;
}

async function strike(
  fault: Fault,
  life: Life,
  step: Step,
  point: Point,
  level: number,
): Promise<Outcome> {
  life.prepare(step);
  const here = { life, step, point, level };
  if (point === 'before') {
    await fault.inject({ ...here, pid: 0 });
    const outcome = await outcomeOf(life.do(step));
    await fault.heal?.(life);
    return outcome;
  }
  if (point === 'drain') return strikeInDrain(fault, here);
  const gate = life.daemon.gates.arm(point, step, life.victim);
  const call = outcomeOf(life.do(step));
  const pid = await Promise.race([gate.reached(), call.then(failedBefore)]);
  await fault.inject({ ...here, pid });
  gate.release();
  const outcome = await call;
  await fault.heal?.(life);
  return outcome;
}

/** The daemon takes no events, so the server, which has begun to shut down, waits with its end. */
async function strikeInDrain(fault: Fault, here: Omit<Strike, 'pid'>): Promise<Outcome> {
  const { events, socket } = here.life.pod;
  events.receive = () => 'break';
  const call = outcomeOf(here.life.do('shutdown'));
  await waitUntil('the shutdown begins', () => !existsSync(socket));
  await fault.inject({ ...here, pid: 0 });
  if (fault.losesEvents !== true) events.receive = () => 'take';
  const outcome = await call;
  await fault.heal?.(here.life);
  return outcome;
}

function failedBefore(outcome: Outcome): never {
  throw new Error(`the call has ended before the runtime came to the gate: ${outcome}`);
}

/** Only what the shim itself says counts as its failure. */
async function outcomeOf(call: Promise<void>): Promise<Outcome> {
  try {
    await call;
    return 'done';
  } catch (error) {
    if (error instanceof ConnectionClosedError) return 'no answer';
    if (error instanceof StatusError || error instanceof HelperError) return 'failed';
    throw error;
  }
}
