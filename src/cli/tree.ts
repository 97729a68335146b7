/** A line and those below it. */
export interface TreeNode {
  readonly text: string;
  readonly children: readonly TreeNode[];
}

/** Draws a tree as its lines; the root stands at the left edge. */
export function treeLines(root: TreeNode): string[] {
  return [root.text, ...branchLines(root.children, '')];
}

function branchLines(nodes: readonly TreeNode[], indent: string): string[] {
  return nodes.flatMap((node, index) => {
    const isLast = index === nodes.length - 1;
    const below = branchLines(node.children, `${indent}${isLast ? '   ' : '│  '}`);
    return [`${indent}${isLast ? '└─ ' : '├─ '}${node.text}`, ...below];
  });
}
