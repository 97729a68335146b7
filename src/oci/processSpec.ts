import { withMember } from './jsonMember.ts';

/**
 * An exec's process as the runtime gets it: the client's JSON with `terminal` overridden by the request's.
 * @throws Error when the JSON is broken or no object.
 */
export function processSpec(json: string, terminal: boolean): string {
  const parsed = parse(json);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new Error('exec: the process is not a JSON object');
  }
  const { terminal: given } = parsed as { terminal?: unknown };
  return (given ?? false) === terminal ? json : withMember(json, 'terminal', String(terminal));
}

/** The engine's own message quotes the text, which holds the environment. */
function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new Error('exec: the process is not valid JSON');
  }
}
