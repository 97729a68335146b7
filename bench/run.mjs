import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { reportSetup, setup } from '../scripts/setup.mjs';
import { emitJavaScript } from '../test/runner/emit.mjs';
import { buildLoad } from './load/build.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

reportSetup(() => {
  setup('containers', 'the benchmark');
  buildLoad(root);
  emitJavaScript(root);
});
const { main } = await import(pathToFileURL(join(root, 'build/js/bench/main.js')).href);
try {
  const result = await main(process.argv.slice(2));
  if (result?.results.some(({ failure }) => failure !== undefined)) process.exitCode = 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
