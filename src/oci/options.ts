/** What a client can set about the OCI runtime: `containerd.runc.v1.Options` (contract 6.2). Unset is false, 0 or ''. */
export interface RuntimeOptions {
  readonly noPivotRoot: boolean;
  readonly noNewKeyring: boolean;
  /** The server joins it during `start`. */
  readonly shimCgroup: string;
  /** Owner and group of the pipes' ends. */
  readonly ioUid: number;
  readonly ioGid: number;
  /** Command of the runtime, searched on $PATH unless it has a slash; empty means `runc`. */
  readonly binaryName: string;
  /** Replaces `/run/containerd/runc`; the namespace is still appended. */
  readonly root: string;
  readonly criuPath: string;
  readonly systemdCgroup: boolean;
  readonly criuImagePath: string;
  readonly criuWorkPath: string;
  /** Start, kill and delete are always the runtime's (src/oci/direct). Not in the proto file: TOML only. */
  readonly noDirectPath: boolean;
}

export const defaultOptions: RuntimeOptions = {
  noPivotRoot: false,
  noNewKeyring: false,
  shimCgroup: '',
  ioUid: 0,
  ioGid: 0,
  binaryName: '',
  root: '',
  criuPath: '',
  systemdCgroup: false,
  criuImagePath: '',
  criuWorkPath: '',
  noDirectPath: false,
};

/** Names in `options.json`, which are those of the proto file. */
const jsonNames: Readonly<Record<keyof RuntimeOptions, string>> = {
  noPivotRoot: 'no_pivot_root',
  noNewKeyring: 'no_new_keyring',
  shimCgroup: 'shim_cgroup',
  ioUid: 'io_uid',
  ioGid: 'io_gid',
  binaryName: 'binary_name',
  root: 'root',
  criuPath: 'criu_path',
  systemdCgroup: 'systemd_cgroup',
  criuImagePath: 'criu_image_path',
  criuWorkPath: 'criu_work_path',
  noDirectPath: 'no_direct_path',
};

export const optionNames = Object.keys(jsonNames) as readonly (keyof RuntimeOptions)[];

const nouns = { boolean: 'a boolean', string: 'a string', number: 'an unsigned 32-bit integer' };

/**
 * A value for one option, checked.
 * @throws Error naming `label` when the type does not fit.
 */
export function checkedOption(
  name: keyof RuntimeOptions,
  label: string,
  value: unknown,
): boolean | string | number {
  const expected = typeof defaultOptions[name];
  const isUnsigned32 = (number: unknown): boolean =>
    Number.isInteger(number) && Number(number) >= 0 && Number(number) <= 0xffffffff;
  if (typeof value === expected && (expected !== 'number' || isUnsigned32(value))) {
    return value as boolean | string | number;
  }
  throw new Error(`runtime option ${label}: expected ${nouns[expected as keyof typeof nouns]}`);
}

/** JSON with the field names of the proto file, unset fields left out: the content of `options.json`. */
export function optionsToJson(options: RuntimeOptions): string {
  const entries: Record<string, unknown> = {};
  for (const name of optionNames) {
    if (options[name] !== defaultOptions[name]) entries[jsonNames[name]] = options[name];
  }
  return JSON.stringify(entries);
}

/**
 * Reads `options.json`, also one that another shim wrote: names not known here are left out.
 * @throws Error when the text is no JSON object or a value has the wrong type.
 */
export function optionsFromJson(text: string): RuntimeOptions {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new Error('runtime options: not a JSON object');
  }
  const entries = parsed as Readonly<Record<string, unknown>>;
  const found: Partial<Record<keyof RuntimeOptions, boolean | string | number>> = {};
  for (const name of optionNames) {
    const value = entries[jsonNames[name]];
    if (value !== undefined) found[name] = checkedOption(name, jsonNames[name], value);
  }
  return { ...defaultOptions, ...(found as Partial<RuntimeOptions>) };
}

/** An Any with options of a type that is none of those known. */
export function unknownOptionsType(typeUrl: string): Error {
  return new Error(`type with url ${typeUrl}: not found`);
}
