import { decodeOptions } from '../oci/decodeOptions.ts';
import { defaultOptions, type RuntimeOptions } from '../oci/options.ts';
import { runtimeEnvironment } from '../oci/runtimeEnvironment.ts';
import { RuntimeLauncher } from '../oci/runtimeLauncher.ts';
import { writeAll } from '../posix/files.ts';
import { inheritedOpenFiles } from '../posix/limits.ts';
import { findExecutable } from '../posix/paths.ts';
import { type AnyValue, JsonType, packAny } from '../proto/any.ts';
import { Any, RuntimeInfo } from '../proto/messages.ts';
import { Reaper } from '../reaper/reaper.ts';
import { RUNTIME_NAME } from '../runtimeName.ts';
import { revision, version } from '../version.ts';
import { STDIN_LIMIT } from './bootstrap.ts';
import { Deadline } from './deadline.ts';
import { failure } from './failure.ts';
import { readStdin } from './stdin.ts';

const STDOUT = 1;

/** Milliseconds that the runtime may take to name its features. */
const FEATURES_BUDGET = 10_000;
const FEATURES_LIMIT = 16 * 1024 * 1024;

/**
 * `-info` (contract 1.8): what this shim and the OCI runtime behind it can do, as
 * `containerd.types.RuntimeInfo` on stdout. Options for the runtime come on stdin, if any.
 */
export async function info(): Promise<void> {
  const given = readOptions(readStdin(STDIN_LIMIT));
  const options = await decode(given);
  const binary = options.binaryName === '' ? 'runc' : options.binaryName;
  const path = findExecutable(binary, process.env.PATH);
  if (path === undefined) {
    const reason = binary.includes('/')
      ? 'no such executable file'
      : 'executable file not found in $PATH';
    throw new Error(
      `failed to look up the path of ${JSON.stringify(binary)}: exec: ${JSON.stringify(binary)}: ${reason}`,
    );
  }
  const features = await featuresOf(path);
  writeAll(
    STDOUT,
    RuntimeInfo.encode({
      name: RUNTIME_NAME,
      version: { version, revision },
      options: given,
      features,
    }).finish(),
  );
}

function readOptions(stdin: Uint8Array): AnyValue | undefined {
  if (stdin.length === 0) {
    return undefined;
  }
  try {
    const { typeUrl, value } = Any.decode(stdin);
    return typeUrl === '' ? undefined : { typeUrl, value };
  } catch (error) {
    throw failure('failed to read runtime options', error);
  }
}

async function decode(options: AnyValue | undefined): Promise<RuntimeOptions> {
  try {
    return options === undefined ? defaultOptions : await decodeOptions(options);
  } catch (error) {
    throw failure('failed to read runtime options', error);
  }
}

/** The runtime's own account of its features; undefined when it has none (runc before 1.1). */
async function featuresOf(binary: string): Promise<AnyValue | undefined> {
  const reaper = new Reaper();
  reaper.install();
  const launcher = new RuntimeLauncher({
    reaper,
    binary,
    environment: runtimeEnvironment(process.env),
    openFiles: inheritedOpenFiles(),
  });
  const deadline = new Deadline(FEATURES_BUDGET);
  try {
    const text = await launcher.run({
      arguments: ['features'],
      directory: undefined,
      keptBytes: FEATURES_LIMIT,
      cancel: deadline,
    });
    const features: unknown = JSON.parse(text);
    return packAny(JsonType.features, new TextEncoder().encode(JSON.stringify(features)));
  } catch {
    return undefined;
  } finally {
    deadline.clear();
    reaper.uninstall();
  }
}
