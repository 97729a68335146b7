import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { reportSetup, setup } from '../scripts/setup.mjs';
import { emitJavaScript } from '../test/runner/emit.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

reportSetup(() => {
  setup('containers', 'the demonstration');
  emitJavaScript(root);
});
await import(pathToFileURL(join(root, 'build/js/demo/main.js')).href);
