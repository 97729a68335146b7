import { reasonOf } from '../platform/reason.ts';
import { readText } from '../posix/files.ts';
import type { CgroupV2 } from './cgroup.ts';
import { readIfPresent, writeControl } from './controlFile.ts';

/**
 * Enables every controller of the mount root in all ancestors of a cgroup, so that the cgroup has
 * the files of all controllers (contract 5.3 step 14). An ancestor that has them is not written.
 *
 * A failure on the way is of no consequence when the last ancestor has its controllers: a parent may
 * belong to somebody else who set it up. So only an error on the last one is reported.
 */
export function enableControllers(cgroup: CgroupV2, report: (error: Error) => void): void {
  let controllers: readonly string[];
  try {
    controllers = words(readText(`${cgroup.mountPoint}/cgroup.controllers`));
  } catch (error) {
    report(error instanceof Error ? error : new Error(String(error)));
    return;
  }
  if (controllers.length === 0) return;
  let failure: Error | undefined;
  for (const directory of ancestors(cgroup)) {
    failure = enableIn(`${directory}/cgroup.subtree_control`, controllers);
  }
  if (failure !== undefined) report(failure);
}

/** From the mount root down to the parent. None for the root cgroup itself. */
function ancestors({ mountPoint, directory }: CgroupV2): string[] {
  const names = words(directory.slice(mountPoint.length), '/');
  return names.map((_, depth) => [mountPoint, ...names.slice(0, depth)].join('/'));
}

function enableIn(file: string, controllers: readonly string[]): Error | undefined {
  const enabled = words(readIfPresent(file) ?? '');
  if (controllers.every((controller) => enabled.includes(controller))) return undefined;
  try {
    writeControl(file, controllers.map((controller) => `+${controller}`).join(' '));
    return undefined;
  } catch (error) {
    const list = controllers.join(' ');
    const reason = reasonOf(error);
    return new Error(`failed to write subtree controllers [${list}] to "${file}": ${reason}`, {
      cause: error,
    });
  }
}

function words(text: string, separator: string | RegExp = /\s+/): string[] {
  return text.split(separator).filter((word) => word !== '');
}
