/** The options of the mount that a path lies on, from the text of /proc/self/mountinfo. */
export function mountOptions(path: string, mountInfo: string): readonly string[] {
  let best: { point: string; options: readonly string[] } | undefined;
  for (const line of mountInfo.split('\n')) {
    const [, , , , field = '', options = ''] = line.split(' ');
    const point = unescapeOctal(field);
    if (!isBelow(path, point)) continue;
    // Of two mounts at one place the later one covers the earlier.
    if (best === undefined || point.length >= best.point.length) {
      best = { point, options: options.split(',') };
    }
  }
  return best?.options ?? [];
}

function isBelow(path: string, point: string): boolean {
  if (point === '') return false;
  return point === '/' || path === point || path.startsWith(`${point}/`);
}

/** Blanks and their like are written in octal there. */
function unescapeOctal(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
