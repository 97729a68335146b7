import { type AnyValue, lastSegment, OptionsType } from '../proto/any.ts';
import { LegacyCheckpointOptions, RuncCheckpointOptions } from '../proto/messages.ts';
import { unknownOptionsType } from './options.ts';
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
      throw unknownOptionsType(any.typeUrl);
  }
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
