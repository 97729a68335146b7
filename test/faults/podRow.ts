import { type Column, type Row, Skipped } from '../matrix/cell.ts';
import { pointsOf, STEPS, type Step } from './steps.ts';
import { type Fault, runTrial } from './trial.ts';

/** A fault, tried at every moment of every step with the suite in the daemon's place. */
export function podRow(fault: Fault): Row {
  const columns = STEPS.map((step) => columnOf(fault, step)).filter(
    (column) => column !== undefined,
  );
  return { id: fault.id, title: fault.title, columns };
}

function columnOf(fault: Fault, step: Step): Column | undefined {
  const points = pointsOf(step).filter((point) => fault.strikes?.(step, point) ?? true);
  if (points.length === 0) return undefined;
  return {
    name: step,
    run: async (cell) => {
      for (const point of points) {
        let close = async (): Promise<void> => {};
        const trial = runTrial(fault, step, point, (closer) => {
          close = closer;
          cell.cleanUp(() => close());
        });
        const outcomes = await trial.catch((error: unknown) => {
          throw at(point, error);
        });
        cell.note(`${point}: ${summary(outcomes)}`);
        const done = close;
        close = async () => {};
        await done();
      }
    },
  };
}

function at(point: string, error: unknown): unknown {
  if (error instanceof Skipped) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new Error(`${point}: ${text}`, { cause: error });
}

/** `failed x3, done` */
function summary(outcomes: readonly string[]): string {
  const parts: string[] = [];
  for (const outcome of new Set(outcomes)) {
    const count = outcomes.filter((each) => each === outcome).length;
    parts.push(count === 1 ? outcome : `${outcome} x${count}`);
  }
  return parts.join(', ');
}
