import { reasonOf } from '../platform/reason.ts';
import { isSystemError } from '../posix/error.ts';
import { readText } from '../posix/files.ts';
import { linkStatus } from '../posix/paths.ts';
import { findJsonMistake } from './jsonPosition.ts';
import { cleanPath } from './path.ts';

/** Annotations that name the group, the first one present wins (contract 2.2). */
const GROUP_ANNOTATIONS = ['io.containerd.runc.v2.group', 'io.kubernetes.cri.sandbox-id'] as const;

/**
 * The group whose server a container belongs to: an annotation of its config.json, or its own id.
 *
 * @throws SystemError when the file cannot be read; Error, with file and position, when it is no
 *   JSON object with an `annotations` map of strings.
 */
export function readGroup(configPath: string, id: string): string {
  let text: string;
  try {
    text = readText(configPath);
  } catch (error) {
    if (isSystemError(error, 'ENOENT') && isSandboxBundle(configPath)) return id;
    throw error;
  }
  return groupOf(text, configPath, id);
}

/**
 * A daemon whose sandboxer is `shim` starts a sandbox in a bundle without a spec (contract 13.3). That it is a bundle,
 * and not just any directory, is told by the link that every daemon makes in it.
 */
function isSandboxBundle(configPath: string): boolean {
  const directory = configPath.slice(0, configPath.lastIndexOf('/'));
  try {
    return linkStatus(`${directory}/work`).type === 'symlink';
  } catch {
    return false;
  }
}

/** As readGroup, for a text already read. */
export function groupOf(text: string, configPath: string, id: string): string {
  const annotations = annotationsOf(parseConfig(text, configPath), configPath);
  for (const name of GROUP_ANNOTATIONS) {
    const value = annotations[name];
    if (value !== undefined) {
      if (typeof value !== 'string') {
        throw new Error(`${configPath}: annotation ${name} is not a string`);
      }
      if (leadsElsewhere(value)) {
        throw new Error(
          `${configPath}: annotation ${name} is no name for a group: ${JSON.stringify(value)}`,
        );
      }
      return value;
    }
  }
  return id;
}

/**
 * A group's name is part of the path that its socket's name is the hash of: `..` would give the socket of another
 * namespace, and `x/debug` that of x's debug socket.
 */
function leadsElsewhere(group: string): boolean {
  return (
    group !== '' &&
    (cleanPath(`/${group}`) !== `/${group}` || group.endsWith('/debug') || group.includes('\0'))
  );
}

function parseConfig(text: string, configPath: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const mistake = findJsonMistake(text);
    throw new Error(
      mistake === undefined
        ? `${configPath}: ${reasonOf(error)}`
        : `${configPath}:${mistake.line}:${mistake.column}: invalid JSON: ${mistake.reason}`,
    );
  }
}

function annotationsOf(config: unknown, configPath: string): Readonly<Record<string, unknown>> {
  if (!isObject(config)) {
    throw new Error(`${configPath}: not a JSON object`);
  }
  const annotations = config.annotations ?? {};
  if (!isObject(annotations)) {
    throw new Error(`${configPath}: annotations is not a JSON object`);
  }
  return annotations;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
