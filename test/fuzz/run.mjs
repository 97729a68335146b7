import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { reportSetup, setup } from '../../scripts/setup.mjs';
import { emitJavaScript } from '../runner/emit.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

reportSetup(() => {
  setup('containers', 'fuzzing');
  emitJavaScript(root);
});
const { main } = await import(pathToFileURL(join(root, 'build/js/test/fuzz/main.js')).href);
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
