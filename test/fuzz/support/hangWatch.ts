import { Worker } from 'node:worker_threads';

const LIMIT_SECONDS = 60;

/** Runs beside the thread that parses: that one can do nothing any more when it hangs. */
const PROGRAM = `
const { workerData } = require('node:worker_threads');
const { writeSync } = require('node:fs');
const state = new Int32Array(workerData.state);
let last = -1;
let since = Date.now();
setInterval(() => {
  const run = Atomics.load(state, 0);
  if (run !== last || Atomics.load(state, 1) === 0) {
    last = run;
    since = Date.now();
  } else if (Date.now() - since > workerData.seconds * 1000) {
    const again = 'npm run fuzz -- --only ' + workerData.name + ' --seed ' + (workerData.seed + run) + ' --runs 1';
    writeSync(2, 'FAIL  ' + workerData.name + ': hangs for ' + workerData.seconds + ' s\\n  again: ' + again + '\\n');
    process.kill(process.pid, 'SIGKILL');
  }
}, 1000);
`;

/** Ends this process, and says with which input, when a parser does not come back. */
export class HangWatch {
  readonly #state = new Int32Array(new SharedArrayBuffer(8));
  readonly #worker: Worker;

  /** @param seed that of the first input */
  constructor(name: string, seed: number, seconds: number = LIMIT_SECONDS) {
    const workerData = { name, seed, seconds, state: this.#state.buffer };
    this.#worker = new Worker(PROGRAM, { eval: true, workerData });
    this.#worker.unref();
  }

  /** The next input is begun. */
  begin(): void {
    Atomics.store(this.#state, 1, 1);
  }

  /** It is done. */
  end(): void {
    Atomics.store(this.#state, 1, 0);
    Atomics.add(this.#state, 0, 1);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
