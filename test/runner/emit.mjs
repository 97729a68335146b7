import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { announce, run } from '../../scripts/setup/command.mjs';
import { filesBelow, fingerprint, isUpToDate, markDone } from '../../scripts/setup/fingerprint.mjs';

const SOURCES = ['src', 'test', 'demo', 'bench', 'conformance'];
const OUTPUT = 'build/js';

/** Makes the JavaScript that Node runs, in build/js. Types are not checked here: that is a check of its own. */
export function emitJavaScript(root) {
  const inputs = [...SOURCES, 'tsconfig.json', 'package-lock.json'];
  const print = fingerprint(root, inputs);
  if (isUpToDate(root, 'javascript', print, [OUTPUT])) return;
  announce('compiling TypeScript for Node');
  run(
    join(root, 'node_modules/.bin/tsc'),
    ['-p', 'tsconfig.json', '--noCheck', '--outDir', OUTPUT],
    { cwd: root },
  );
  for (const file of SOURCES.flatMap((path) => filesBelow(root, path))) {
    if (file.endsWith('.ts') && !file.endsWith('.d.ts')) continue;
    const target = join(root, OUTPUT, file);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(root, file), target);
  }
  removeStale(root);
  markDone(root, 'javascript', print);
}

/** A source file that is gone must not go on being tested. */
function removeStale(root) {
  for (const file of filesBelow(root, OUTPUT)) {
    const source = file.slice(OUTPUT.length + 1).replace(/\.map$/, '');
    const typescript = source.replace(/\.js$/, '.ts');
    if (!existsSync(join(root, source)) && !existsSync(join(root, typescript))) {
      rmSync(join(root, file), { force: true });
    }
  }
}
