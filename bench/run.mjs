import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { barChart } from '../scripts/chart/bars.mjs';
import { reportSetup, setup } from '../scripts/setup.mjs';
import { emitJavaScript } from '../test/runner/emit.mjs';
import { buildLoad } from './load/build.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

reportSetup(() => {
  setup('containers', 'the benchmark');
  buildLoad(root);
  emitJavaScript(root);
});
process.exitCode = await run();

/** @returns 1 when a row could not be measured; a bar that was missed is no failure */
async function run() {
  const built = (path) => import(pathToFileURL(join(root, 'build/js/bench', path)).href);
  const { main } = await built('main.js');
  const { writeReports } = await built('report/write.js');
  try {
    const result = await main(process.argv.slice(2));
    if (result === undefined) return 0;
    writeReports(result, barChart);
    return result.results.some(({ failure }) => failure !== undefined) ? 1 : 0;
  } catch (error) {
    console.error(error.message);
    return 1;
  }
}
