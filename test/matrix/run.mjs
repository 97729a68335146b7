import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { prepareLab } from '../../scripts/lab/lab.mjs';
import { reportSetup, setup } from '../../scripts/setup.mjs';
import { emitJavaScript } from '../runner/emit.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

let lab;
reportSetup(() => {
  setup('containers', 'the matrix');
  emitJavaScript(root);
  lab = prepareLab(root);
});
const { main } = await import(pathToFileURL(join(root, 'build/js/test/matrix/main.js')).href);
process.exitCode = await main(lab, process.argv.slice(2));
