import { platform } from '../platform/runtime.ts';
import { SOFT_LIMIT_VARIABLE } from '../posix/limits.ts';

/**
 * Settings of JavaScriptCore for a process that mostly waits: 1.5 MB instead of 5, two threads
 * instead of seven. A collection runs on JavaScript's own thread: the heap is small, and another thread costs what its
 * stack and its allocator keep. They are no stable interface, and a name that a Bun does not know makes it exit,
 * so they are given to the version they were tested with and to no other. The shipped binary has them
 * from its first instructions on (native/entry), so that the helper runs with them too.
 */
const SETTINGS = [
  'BUN_JSC_useJIT=0',
  'BUN_JSC_numberOfGCMarkers=1',
  'BUN_JSC_useConcurrentGC=0',
  'BUN_JSC_useWasm=0',
  'BUN_GC_TIMER_DISABLE=1',
] as const;
const TESTED_WITH = '1.4.5';

/** What the server's environment says beyond what the helper was given. */
export interface ServerIdentity {
  readonly id: string;
  /** Where events go; replaces TTRPC_ADDRESS when given. */
  readonly ttrpcAddress: string | undefined;
  /** Soft limit of open files as the daemon meant it, before our runtime raised it (contract 3.8). */
  readonly openFiles: number;
}

/** What the server's environment has beyond the helper's, or instead of it (contract 1.3). */
export function serverVariables(identity: ServerIdentity): Record<string, string> {
  const own: Record<string, string> = {
    GOMAXPROCS: '4',
    OTEL_SERVICE_NAME: `containerd-shim-${identity.id}`,
    [SOFT_LIMIT_VARIABLE]: limitText(identity.openFiles),
  };
  if (identity.ttrpcAddress !== undefined) {
    own.TTRPC_ADDRESS = identity.ttrpcAddress;
  }
  return own;
}

/**
 * The server's environment, as NAME=value. Variables that steer Bun itself do not pass: they would let whoever sets the
 * daemon's environment run other code in the shim.
 */
export function serverEnvironment(
  inherited: Readonly<Record<string, string | undefined>>,
  identity: ServerIdentity,
): string[] {
  const own = serverVariables(identity);
  const environment: string[] = [];
  // Plain loops: with entries and destructuring, this alone is enough to start the JIT compiler.
  for (const name in inherited) {
    const value = inherited[name];
    if (value !== undefined && !name.startsWith('BUN_') && !Object.hasOwn(own, name)) {
      environment.push(`${name}=${value}`);
    }
  }
  for (const name in own) {
    environment.push(`${name}=${own[name]}`);
  }
  return environment.concat(runtimeSettings(platform.name, platform.version()));
}

function limitText(limit: number): string {
  return Number.isFinite(limit) ? String(limit) : 'unlimited';
}

/** Whether this process was started with its settings. */
export function hasRuntimeSettings(
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  const settings = runtimeSettings(platform.name, platform.version());
  return settings.length > 0 && settings.every((setting) => isIn(environment, setting));
}

function isIn(environment: Readonly<Record<string, string | undefined>>, setting: string): boolean {
  const equals = setting.indexOf('=');
  return environment[setting.slice(0, equals)] === setting.slice(equals + 1);
}

/** The settings a runtime of this name and version gets. */
export function runtimeSettings(name: string, version: string): readonly string[] {
  return name === 'bun' && version === TESTED_WITH ? SETTINGS : [];
}
