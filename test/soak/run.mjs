import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { lineChart } from '../../scripts/chart/lines.mjs';
import { reportSetup, setup } from '../../scripts/setup.mjs';
import { emitJavaScript } from '../runner/emit.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

reportSetup(() => {
  setup('containers', 'the soak test');
  emitJavaScript(root);
});
const { main } = await import(pathToFileURL(join(root, 'build/js/test/soak/main.js')).href);
try {
  process.exitCode = await main(process.argv.slice(2), lineChart);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
