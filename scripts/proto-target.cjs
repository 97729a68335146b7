/**
 * A target of pbjs (`pbjs -t scripts/proto-target.cjs`): for each .proto file a flat TypeScript module with an interface
 * and a codec for each message, so that a program loads those it uses. pbjs writes one output: each module in it begins
 * with a line `// file: NAME`, at which generate-proto.sh cuts. The static target of protobufjs was measured first: 13 times the code, 1 to 2 ms more at each start of
 * the server, and it writes a bigint as 0 without a word.
 */
const { basename } = require('node:path');
const { Enum, Namespace, Type, types } = require('protobufjs');

/** Types with a method of their own in src/proto/messageWriter.ts, which writes the tag too. */
const taggedWriters = new Map([
  ['string', 'text'],
  ['uint32', 'number'],
  ['int32', 'integer'],
  ['uint64', 'unsigned64'],
  ['int64', 'signed64'],
]);
const packedWriters = new Map([
  ['int32', 'packedInteger'],
  ['uint64', 'packedUnsigned64'],
]);
const scalarTypes = new Map([
  ['string', { type: 'string', initial: "''", read: 'readString(r)' }],
  ['bool', { type: 'boolean', initial: 'false', read: 'r.bool()' }],
  ['uint32', { type: 'number', initial: '0', read: 'r.uint32()' }],
  ['int32', { type: 'number', initial: '0', read: 'r.int32()' }],
  ['double', { type: 'number', initial: '0', read: 'r.double()' }],
  ['bytes', { type: 'Uint8Array', initial: 'emptyBytes', read: 'r.bytes()' }],
  ['uint64', { type: 'bigint', initial: '0n', read: 'readUnsigned64(r)' }],
  ['int64', { type: 'bigint', initial: '0n', read: 'readSigned64(r)' }],
]);

/** What the generated code takes from src/proto/wire.ts. */
const helpers = [
  'emptyBytes',
  'enter',
  'MessageWriter',
  'readerOf',
  'readMapEntry',
  'readSigned64',
  'readString',
  'readUnsigned64',
  'skip',
];

const exportName = (object) => object.fullName.slice(1).replaceAll('.', '_');
const isMessage = (field) => field.resolvedType instanceof Type;
const isPackable = (field) => !isMessage(field) && types.packed[scalarName(field)] !== undefined;
const scalarName = (field) => (field.resolvedType instanceof Enum ? 'int32' : field.type);

function scalar(field) {
  const found = scalarTypes.get(scalarName(field));
  if (found === undefined)
    throw new Error(`${field.fullName}: type ${field.type} is not supported`);
  return found;
}

function elementType(field) {
  return isMessage(field) ? exportName(field.resolvedType) : scalar(field).type;
}

function fieldType(field) {
  if (field.map) return 'Record<string, string>';
  if (field.repeated) return `${elementType(field)}[]`;
  return isMessage(field) || field.hasPresence
    ? `${elementType(field)} | undefined`
    : elementType(field);
}

function initialValue(field) {
  if (field.map) return '{}';
  if (field.repeated) return '[]';
  return isMessage(field) || field.hasPresence ? 'undefined' : scalar(field).initial;
}

const tag = (field, wireType) => ((field.id << 3) | wireType) >>> 0;
const wireType = (field) => (isMessage(field) ? 2 : types.basic[scalarName(field)]);

function writeTagged(field, value) {
  const number = tag(field, wireType(field));
  if (isMessage(field)) {
    return `w.message(${number}, ${exportName(field.resolvedType)}, ${value});`;
  }
  const tagged = taggedWriters.get(scalarName(field));
  return tagged === undefined
    ? `w.uint32(${number}).${scalarName(field)}(${value});`
    : `w.${tagged}(${number}, ${value});`;
}

function encodeField(field) {
  const value = `m.${field.name}`;
  if (field.map) return [`if (${value}) w.map(${tag(field, 2)}, ${value});`];
  if (field.repeated && isPackable(field)) {
    const packed = packedWriters.get(scalarName(field));
    if (packed === undefined) throw new Error(`${field.fullName}: cannot be packed`);
    return [`if (${value}?.length) w.${packed}(${tag(field, 2)}, ${value});`];
  }
  if (field.repeated) return [`if (${value}) for (const v of ${value}) ${writeTagged(field, 'v')}`];
  const isSet =
    field.hasPresence && !isMessage(field)
      ? `${value} !== undefined`
      : `${value}${field.type === 'bytes' ? '?.length' : ''}`;
  return [`if (${isSet}) ${writeTagged(field, value)}`];
}

function decodeField(field) {
  const value = `m.${field.name}`;
  if (field.map) return [`case ${tag(field, 2)}: readMapEntry(r, ${value}); break;`];
  const read = isMessage(field)
    ? `${exportName(field.resolvedType)}.decode(r, r.size())`
    : scalar(field).read;
  const single = tag(field, wireType(field));
  if (!field.repeated) return [`case ${single}: ${value} = ${read}; break;`];
  const lines = [`case ${single}: ${value}.push(${read}); break;`];
  if (isPackable(field)) {
    lines.push(`case ${tag(field, 2)}: {`);
    lines.push('  const outer = enter(r, r.size());');
    lines.push(`  while (r.pos < r.len) ${value}.push(${read});`);
    lines.push('  r.len = outer;');
    lines.push('  break;');
    lines.push('}');
  }
  return lines;
}

function messageSource(type) {
  const name = exportName(type);
  const fields = type.fieldsArray.map((field) => field.resolve());
  const indent = (lines, depth) => lines.map((line) => ' '.repeat(depth) + line);
  return [
    `export interface ${name} {`,
    ...fields.map((field) => `  ${field.name}: ${fieldType(field)};`),
    '}',
    `export const ${name}: MessageType<${name}> = {`,
    `  fullName: '${type.fullName.slice(1)}',`,
    `  encode(${fields.length > 0 ? 'm' : '_m'}, w = MessageWriter.create()) {`,
    ...indent(fields.flatMap(encodeField), 4),
    '    return w;',
    '  },',
    '  decode(source, length) {',
    '    const r = readerOf(source);',
    '    const outer = enter(r, length);',
    `    const m: ${name} = {`,
    ...fields.map((field) => `      ${field.name}: ${initialValue(field)},`),
    '    };',
    '    while (r.pos < r.len) {',
    '      const tag = r.tag();',
    ...(fields.length > 0 ? ['      switch (tag) {'] : []),
    ...indent(fields.flatMap(decodeField), 8),
    ...(fields.length > 0
      ? ['        default: skip(r, tag);', '      }']
      : ['      skip(r, tag);']),
    '    }',
    '    r.len = outer;',
    '    return m;',
    '  },',
    '};',
  ];
}

function enumSource(enumeration) {
  const members = Object.entries(enumeration.values).map(([key, value]) => `${key}: ${value}`);
  return [`export const ${exportName(enumeration)} = { ${members.join(', ')} } as const;`];
}

/** Adds the source of each message and enumeration to the list of the file that declares it. */
function collect(namespace, files) {
  for (const nested of namespace.nestedArray) {
    const source =
      nested instanceof Type
        ? messageSource(nested)
        : nested instanceof Enum
          ? enumSource(nested)
          : [];
    if (source.length > 0) {
      const name = moduleName(nested);
      files.set(name, [...(files.get(name) ?? []), '', ...source]);
    }
    if (nested instanceof Namespace) collect(nested, files);
  }
  return files;
}

const moduleName = (object) => basename(object.filename, '.proto');

/** The names of other modules' messages that a module's fields have, by module. */
function foreignNames(root, module) {
  const found = new Map();
  const visit = (namespace) => {
    for (const nested of namespace.nestedArray) {
      if (nested instanceof Type && moduleName(nested) === module) {
        for (const { resolvedType } of nested.fieldsArray) {
          if (!(resolvedType instanceof Type) || moduleName(resolvedType) === module) continue;
          const other = moduleName(resolvedType);
          found.set(other, (found.get(other) ?? new Set()).add(exportName(resolvedType)));
        }
      }
      if (nested instanceof Namespace) visit(nested);
    }
  };
  visit(root);
  return found;
}

function moduleSource(root, name, lines) {
  const body = lines.join('\n');
  const used = helpers.filter((helper) => new RegExp(`\\b${helper}\\b`).test(body));
  const imports = [...foreignNames(root, name)].map(
    ([other, names]) => `import { ${[...names].join(', ')} } from './${other}.ts';`,
  );
  const hasMessages = body.includes('MessageType');
  return [
    `// file: ${name}.ts`,
    `// Generated from proto/${name}.proto by scripts/generate-proto.sh.`,
    ...(hasMessages ? ["import type { MessageType } from '../wire.ts';"] : []),
    ...(used.length > 0 ? [`import { ${used.join(', ')} } from '../wire.ts';`] : []),
    ...imports,
    body,
    '',
  ].join('\n');
}

/** The interface pbjs asks of a target. */
module.exports = function typescriptTarget(root, _options, callback) {
  try {
    const files = collect(root.resolveAll(), new Map());
    const modules = [...files].map(([name, lines]) => moduleSource(root, name, lines));
    callback(null, modules.join('\n'));
  } catch (error) {
    callback(error);
  }
};
