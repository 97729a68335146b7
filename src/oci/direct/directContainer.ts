import { readText } from '../../posix/files.ts';
import type { KnownRuntime } from './knownRuntimes.ts';

/** What the direct path acts on, read from what the runtime noted at `create`. */
export interface DirectContainer {
  readonly kind: KnownRuntime;
  /** The runtime's own directory of this container, removed last by `delete`. */
  readonly stateDirectory: string;
  /** Absolute paths of the directories that `delete` removes before. */
  readonly cgroups: readonly string[];
  /** What tells whether the container is frozen; undefined where the runtime does not look. */
  readonly freezer: { readonly file: string; readonly thawed: string } | undefined;
}

/** What both readers are given. */
export interface DirectSource {
  readonly id: string;
  readonly stateDirectory: string;
  /** From the bundle's pid file. */
  readonly pid: number;
}

/** Why a container is left to its runtime. */
export class NotDirect extends Error {}

/** @throws NotDirect unless it holds */
export function demand(condition: boolean, reason: string): asserts condition {
  if (!condition) throw new NotDirect(reason);
}

/** @throws NotDirect when it cannot be read or is no JSON object */
export function readObject(path: string): Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readText(path));
  } catch {
    throw new NotDirect(`${path} cannot be read`);
  }
  demand(isObject(parsed), `${path} is not an object`);
  return parsed;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Not there, as Go writes it. */
export function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** Hooks are lists by their kind; a kind without any may be there all the same. */
export function hasHooks(hooks: unknown): boolean {
  if (isAbsent(hooks)) return false;
  return (
    !isObject(hooks) || Object.values(hooks).some((list) => !isAbsent(list) && !isEmptyList(list))
  );
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/**
 * A directory that is the container's own: nothing else may be removed.
 * @throws NotDirect
 */
export function ownCgroup(path: unknown, id: string): string {
  demand(
    typeof path === 'string' &&
      path.startsWith('/sys/fs/cgroup/') &&
      path.endsWith(`/${id}`) &&
      !path.split('/').includes('..'),
    `the cgroup ${JSON.stringify(path)} is not the container's own`,
  );
  return path;
}
