import { type AnyValue, lastSegment, OptionsType } from '../proto/any.ts';
import { RuncOptions } from '../proto/messages.ts';
import { defaultOptions, type RuntimeOptions } from './options.ts';

/**
 * The runtime options in a Create request or in `start`'s input, whichever of the known types they have
 * (contract 6.2, 6.4). What decodes others than runc's is loaded on demand, hence the promise.
 * @returns a promise rejected with an Error naming the unknown type, key or wrong value.
 */
export function decodeOptions(any: AnyValue | undefined): RuntimeOptions | Promise<RuntimeOptions> {
  if (any === undefined || any.value.length === 0) return defaultOptions;
  if (lastSegment(any.typeUrl) === OptionsType.runc) return decodeRunc(any.value);
  return import('./rareOptions.ts').then(({ decodeRareOptions }) => decodeRareOptions(any));
}

function decodeRunc(value: Uint8Array): RuntimeOptions {
  const options = RuncOptions.decode(value);
  return {
    ...defaultOptions,
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
