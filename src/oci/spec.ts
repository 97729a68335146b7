/** The parts of an OCI runtime configuration that the shim looks at. Nothing in it has been checked. */
export interface OciSpec {
  readonly process?: { readonly terminal?: boolean };
  readonly root?: { readonly path?: string };
  readonly hostname?: string;
  readonly hooks?: Readonly<Record<string, unknown>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly linux?: {
    readonly namespaces?: readonly { readonly type?: string; readonly path?: string }[];
    readonly cgroupsPath?: string;
    readonly intelRdt?: unknown;
    readonly netDevices?: unknown;
  };
}

/** @throws Error when the text is no JSON object. The engine's own message would quote it, environment and all. */
export function parseSpec(text: string): OciSpec {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new Error('the OCI configuration is not valid JSON');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new Error('the OCI configuration is not a JSON object');
  }
  return parsed;
}

/** Whether the container gets a pid namespace of its own, so that its init's death ends everyone (contract 5.12). */
export function hasOwnPidNamespace(spec: OciSpec): boolean {
  const namespaces: unknown = spec.linux?.namespaces;
  if (!Array.isArray(namespaces)) return false;
  return namespaces.some((namespace: { type?: unknown; path?: unknown } | null) => {
    return namespace?.type === 'pid' && (namespace.path ?? '') === '';
  });
}
