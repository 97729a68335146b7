import { isSystemError } from '../posix/error.ts';
import { listDirectory } from '../posix/paths.ts';

const kernelDirectory = '/sys/kernel/mm/hugepages';
let sizesOfThisKernel: readonly string[] | undefined;

/**
 * The huge page sizes of a directory like /sys/kernel/mm/hugepages, in the spelling of the hugetlb
 * control files: `64KB`, `2MB`, `1GB` (hugetlb_cgroup.c, mem_fmt).
 */
export function listHugePageSizes(directory: string): string[] {
  const sizes: number[] = [];
  for (const name of listDirectory(directory)) {
    const kilobytes = /^hugepages-(\d+)kB$/.exec(name)?.[1];
    if (kilobytes !== undefined) sizes.push(Number(kilobytes));
  }
  return sizes.sort((a, b) => a - b).map(spell);
}

/** The sizes of the running kernel, read once. Empty without huge page support. */
export function hugePageSizes(): readonly string[] {
  if (sizesOfThisKernel === undefined) {
    try {
      sizesOfThisKernel = listHugePageSizes(kernelDirectory);
    } catch (error) {
      if (!isSystemError(error, 'ENOENT')) throw error;
      sizesOfThisKernel = [];
    }
  }
  return sizesOfThisKernel;
}

function spell(kilobytes: number): string {
  if (kilobytes >= 1024 * 1024) return `${Math.floor(kilobytes / (1024 * 1024))}GB`;
  if (kilobytes >= 1024) return `${Math.floor(kilobytes / 1024)}MB`;
  return `${kilobytes}KB`;
}
