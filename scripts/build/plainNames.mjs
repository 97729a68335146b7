import { createRequire } from 'node:module';

/**
 * Rewrites the private names of classes (`#state`) as plain property names (`_state`) and leaves everything else of
 * the TypeScript text as it is: each line keeps its number, so traces stay right.
 *
 * The type checker has already seen to it that nobody touches what is private. At run time, however, JavaScriptCore
 * gives each method of a class with private names a copy of the table of these names.
 *
 * A class that extends another one gets names of its own (`_state_ExecProcess`): its objects are also its parent's.
 *
 * @throws where a name is asked for with `#name in object`, which has no plain counterpart
 */
export function plainNames(text, path) {
  // Set-up loads this file before it has installed the packages.
  const { parse } = createRequire(import.meta.url)('@babel/parser');
  const options = { sourceType: 'module', sourceFilename: path, plugins: ['typescript'] };
  const replacements = [];
  visit(parse(text, options).program, [], replacements);
  let plain = '';
  let end = 0;
  for (const replacement of replacements.sort((one, other) => one.start - other.start)) {
    plain += text.slice(end, replacement.start) + replacement.name;
    end = replacement.end;
  }
  return plain + text.slice(end);
}

/** @param classes the classes around the node, the innermost last */
function visit(node, classes, replacements) {
  if (node.type === 'ClassDeclaration' || node.type === 'ClassExpression') {
    if (node.superClass) visit(node.superClass, classes, replacements);
    const inner = [...classes, plainNamesOf(node)];
    for (const member of node.body.body) visit(member, inner, replacements);
    return;
  }
  if (node.type === 'BinaryExpression' && node.left.type === 'PrivateName') {
    throw new Error(`line ${node.loc.start.line}: "#name in object" has no plain counterpart`);
  }
  if (node.type === 'PrivateName') {
    const own = classes.findLast((names) => names.has(node.id.name));
    replacements.push({ start: node.start, end: node.end, name: own.get(node.id.name) });
    return;
  }
  for (const child of childrenOf(node)) visit(child, classes, replacements);
}

/** The private names that a class declares, each with its plain one. */
function plainNamesOf({ id, superClass, start, body }) {
  const suffix = superClass ? `_${id?.name ?? start}` : '';
  return new Map(
    body.body
      .filter(({ key }) => key?.type === 'PrivateName')
      .map(({ key }) => [key.id.name, `_${key.id.name}${suffix}`]),
  );
}

function childrenOf(node) {
  return Object.values(node)
    .flat()
    .filter((value) => typeof value?.type === 'string');
}
