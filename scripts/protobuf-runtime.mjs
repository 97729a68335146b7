import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * Takes protobufjs's Reader and Writer out of the package, with the methods that our generated code calls:
 * `node scripts/protobuf-runtime.mjs DIRECTORY`. `protobufjs/minimal` is ten times as much (RPC, Long, base64, pools),
 * and every function that the server loads is private memory, also when nobody calls it: 0.25 MB, measured. What these
 * two need of its utilities is src/proto/protobufUtilities.ts.
 */
const kept = {
  Reader: ['raw', 'uint32', 'tag', 'size', 'int32', 'bool', 'double', 'bytes', 'skip', 'skipType'],
  Writer: ['_reserve', 'uint32', 'bool', 'double', 'bytes', 'reset'],
};

const require = createRequire(import.meta.url);
const packageFile = require.resolve('protobufjs/package.json');
const { version } = JSON.parse(readFileSync(packageFile, 'utf8'));

for (const name of Object.keys(kept)) {
  const fileName = `${name.toLowerCase()}.js`;
  const source = readFileSync(join(dirname(packageFile), 'src', fileName), 'utf8');
  writeFileSync(join(process.argv[2], `protobuf${name}.ts`), moduleOf(name, fileName, source));
}

function moduleOf(name, fileName, source) {
  const body = replaceOnce(
    replaceOnce(source, `module.exports = ${name};\n`, ''),
    'var util      = require("./util/minimal");\n',
    '',
  );
  if (body.includes('require(')) throw new Error(`protobufjs/src/${fileName} needs more modules`);
  return [
    '// @ts-nocheck',
    `// Made of protobufjs ${version}, src/${fileName}, by scripts/protobuf-runtime.mjs.`,
    "import type protobuf from 'protobufjs/minimal.js';",
    "import * as util from '../protobufUtilities.ts';",
    withoutUnused(name, body).replace(/^[ \t]*\/\*[\s\S]*?\*\/\n+/gm, ''),
    `const chosen = ${name} as unknown as typeof protobuf.${name};`,
    `type chosen = protobuf.${name};`,
    `export { chosen as ${name} };`,
    '',
  ].join('\n');
}

/** Leaves out methods that are not kept, and those that need the Buffer or 64-bit numbers of their own. */
function withoutUnused(name, source) {
  const found = new Set();
  const methods = new RegExp(
    `^${name}\\.prototype\\.(\\w+) = (?:function[\\s\\S]*?^};|.*;)\n`,
    'gm',
  );
  const rest = source.replace(methods, (text, method) => {
    if (!kept[name].includes(method)) return '';
    found.add(method);
    return text;
  });
  for (const method of kept[name]) {
    if (!found.has(method)) throw new Error(`protobufjs has no ${name}.prototype.${method}`);
  }
  return replaceOnce(rest, new RegExp(`^${name}\\._configure = function[\\s\\S]*?^};\n`, 'm'), '');
}

function replaceOnce(text, part, by) {
  const changed = text.replace(part, by);
  if (changed === text) throw new Error(`protobufjs changed: ${part} is not there`);
  return changed;
}
