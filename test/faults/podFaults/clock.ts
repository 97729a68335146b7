import { execFileSync } from 'node:child_process';
import { Skipped } from '../../matrix/cell.ts';
import type { Fault } from '../trial.ts';

const TWO_HOURS = 7200;

/** The machine's clock jumps in the middle of a step, and back after it. Nobody may notice: deadlines are not wall time. */
export function clockJump(direction: 'forward' | 'back'): Fault {
  const seconds = direction === 'forward' ? TWO_HOURS : -TWO_HOURS;
  return {
    id: `clock-${direction}`,
    title: `clock jumps ${direction}`,
    isHarmless: true,
    prepare: () => {
      if (process.env.PODSHIM_OWN_MACHINE === undefined) {
        throw new Skipped('the clock is everybody’s: npm run faults -- --machine --only clock-…');
      }
    },
    inject: () => jump(seconds),
    heal: () => jump(-seconds),
  };
}

function jump(seconds: number): void {
  execFileSync('date', ['--set', `@${Date.now() / 1000 + seconds}`], { stdio: 'ignore' });
}
