import { readText } from '../posix/files.ts';
import { type AnyValue, lastSegment, OptionsType } from '../proto/any.ts';
import { LegacyCreateOptions, LegacyRuncOptions, RuntimeOptionsV1 } from '../proto/messages.ts';
import { defaultOptions, type RuntimeOptions, unknownOptionsType } from './options.ts';
import { optionsFromToml } from './optionsToml.ts';

/**
 * Runtime options of the types that few daemons send (contract 6.4). A chunk of its own.
 * @throws Error (or a promise rejected with one) naming the unknown type, key or wrong value.
 */
export function decodeRareOptions(any: AnyValue): RuntimeOptions | Promise<RuntimeOptions> {
  switch (lastSegment(any.typeUrl)) {
    case OptionsType.runtime:
      return decodeRuntimeOptions(any.value);
    case OptionsType.legacyRunc:
      return decodeLegacyRunc(any.value);
    case OptionsType.legacyCreate:
      return decodeLegacyCreate(any.value);
    default:
      throw unknownOptionsType(any.typeUrl);
  }
}

function decodeLegacyRunc(value: Uint8Array): RuntimeOptions {
  const options = LegacyRuncOptions.decode(value);
  return {
    ...defaultOptions,
    binaryName: options.runtime,
    root: options.runtimeRoot,
    criuPath: options.criuPath,
    systemdCgroup: options.systemdCgroup,
  };
}

function decodeLegacyCreate(value: Uint8Array): RuntimeOptions {
  const options = LegacyCreateOptions.decode(value);
  return {
    ...defaultOptions,
    noPivotRoot: options.noPivotRoot,
    noNewKeyring: options.noNewKeyring,
    shimCgroup: options.shimCgroup,
    ioUid: options.ioUid,
    ioGid: options.ioGid,
    criuImagePath: options.criuImagePath,
    criuWorkPath: options.criuWorkPath,
  };
}

/** The admin's table as text, or the path of a file that holds one; a path goes first, as the daemon sends no both. */
function decodeRuntimeOptions(value: Uint8Array): RuntimeOptions | Promise<RuntimeOptions> {
  const { configPath, configBody } = RuntimeOptionsV1.decode(value);
  const text = configPath === '' ? new TextDecoder().decode(configBody) : readText(configPath);
  return text.trim() === '' ? defaultOptions : optionsFromToml(text);
}
