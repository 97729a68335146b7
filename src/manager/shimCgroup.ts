import type { PackedOptions } from './bootstrap.ts';
import { readFields, stringOf } from './protobuf.ts';

/** Types whose shim_cgroup is a plain string field: its number. */
const FIELDS: ReadonlyMap<string, number> = new Map([
  ['containerd.runc.v1.Options', 3],
  ['containerd.linux.runc.CreateOptions', 9],
]);

/** CRI's form for runtimes with another name than runc's: TOML, inline or in a file (contract 6.4). */
const TOML_OPTIONS = 'runtimeoptions.v1.Options';

/**
 * The cgroup that the options want the server in; undefined when there is none. Options that cannot
 * be read have none: Create gets them again, and reports what is wrong with them.
 */
export async function shimCgroupOf(options: readonly PackedOptions[]): Promise<string | undefined> {
  for (const packed of options) {
    const type = packed.typeUrl.slice(packed.typeUrl.lastIndexOf('/') + 1);
    const field = FIELDS.get(type);
    if (field !== undefined) {
      return readString(packed.value, field);
    }
    if (type === TOML_OPTIONS) {
      return readToml(packed);
    }
  }
  return undefined;
}

function readString(message: Uint8Array, field: number): string | undefined {
  let found: string | undefined;
  try {
    readFields(message, (number, value) => {
      if (number === field) {
        found = stringOf(value);
      }
    });
  } catch {
    return undefined;
  }
  return found === '' ? undefined : found;
}

async function readToml(packed: PackedOptions): Promise<string | undefined> {
  try {
    if (!mayNameCgroup(packed.value)) {
      return undefined;
    }
    const { decodeOptions } = await import('../oci/decodeOptions.ts');
    return (await decodeOptions(packed)).shimCgroup || undefined;
  } catch {
    return undefined;
  }
}

/** Loading the decoder costs a third of `start`, so it is loaded only where it could find something. */
function mayNameCgroup(message: Uint8Array): boolean {
  let may = false;
  readFields(message, (number, value) => {
    if (typeof value !== 'number') {
      const text = new TextDecoder().decode(value);
      may ||= number === 2 ? text !== '' : text.includes('ShimCgroup');
    }
  });
  return may;
}
