import { readText } from '../posix/files.ts';
import { type AnyValue, lastSegment, OptionsType } from '../proto/any.ts';
import {
  LegacyCheckpointOptions,
  LegacyCreateOptions,
  LegacyRuncOptions,
  RuncCheckpointOptions,
  RuncOptions,
  RuntimeOptionsV1,
} from '../proto/messages.ts';
import { defaultOptions, type RuntimeOptions } from './options.ts';
import { optionsFromToml } from './optionsToml.ts';
import type { CheckpointSettings } from './runtimeCommand.ts';

/** A checkpoint's options, without the path that the request itself names. */
export type CheckpointOptions = Omit<CheckpointSettings, 'imagePath'>;

const defaultCheckpointOptions: CheckpointOptions = {
  workPath: '',
  parentPath: '',
  openTcp: false,
  externalUnixSockets: false,
  terminal: false,
  fileLocks: false,
  emptyNamespaces: [],
  exit: false,
};

/**
 * The runtime options in a Create request or in `start`'s input, whichever of the known types they have
 * (contract 6.2, 6.4). Only TOML needs a promise: its parser is loaded on demand.
 * @throws Error (or a promise rejected with one) naming the unknown type, key or wrong value.
 */
export function decodeOptions(any: AnyValue | undefined): RuntimeOptions | Promise<RuntimeOptions> {
  if (any === undefined || any.value.length === 0) return defaultOptions;
  switch (lastSegment(any.typeUrl)) {
    case OptionsType.runc:
      return decodeRunc(any.value);
    case OptionsType.runtime:
      return decodeRuntimeOptions(any.value);
    case OptionsType.legacyRunc:
      return decodeLegacyRunc(any.value);
    case OptionsType.legacyCreate:
      return decodeLegacyCreate(any.value);
    default:
      throw unknownType(any.typeUrl);
  }
}

/** @throws Error naming the type when it is no checkpoint's */
export function decodeCheckpointOptions(any: AnyValue | undefined): CheckpointOptions {
  if (any === undefined || any.value.length === 0) return defaultCheckpointOptions;
  switch (lastSegment(any.typeUrl)) {
    case OptionsType.runcCheckpoint: {
      const options = RuncCheckpointOptions.decode(any.value);
      return { ...commonCheckpointOptions(options), parentPath: options.parentPath };
    }
    case OptionsType.legacyCheckpoint:
      return commonCheckpointOptions(LegacyCheckpointOptions.decode(any.value));
    default:
      throw unknownType(any.typeUrl);
  }
}

function unknownType(typeUrl: string): Error {
  return new Error(`type with url ${typeUrl}: not found`);
}

function decodeRunc(value: Uint8Array): RuntimeOptions {
  const options = RuncOptions.decode(value);
  return {
    noPivotRoot: options.noPivotRoot,
    noNewKeyring: options.noNewKeyring,
    shimCgroup: options.shimCgroup,
    ioUid: options.ioUid,
    ioGid: options.ioGid,
    binaryName: options.binaryName,
    root: options.root,
    criuPath: options.criuPath,
    systemdCgroup: options.systemdCgroup,
    criuImagePath: options.criuImagePath,
    criuWorkPath: options.criuWorkPath,
  };
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

function commonCheckpointOptions(
  options: Pick<
    RuncCheckpointOptions,
    | 'exit'
    | 'openTcp'
    | 'externalUnixSockets'
    | 'terminal'
    | 'fileLocks'
    | 'emptyNamespaces'
    | 'workPath'
  >,
): CheckpointOptions {
  return {
    workPath: options.workPath,
    parentPath: '',
    openTcp: options.openTcp,
    externalUnixSockets: options.externalUnixSockets,
    terminal: options.terminal,
    fileLocks: options.fileLocks,
    emptyNamespaces: options.emptyNamespaces,
    exit: options.exit,
  };
}
