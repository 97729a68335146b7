import { BootstrapResult } from '../../src/proto/messages.ts';

/** What `start` told the daemon. */
export interface StartAnswer {
  readonly form: 'address' | 'json' | 'protobuf';
  readonly version: number;
  readonly address: string;
  readonly protocol: string;
}

/** Reads the answer of `start` in any of its three forms, as the newest daemon does (contract 1.5). */
export function readStartAnswer(stdout: Uint8Array): StartAnswer {
  const text = new TextDecoder().decode(stdout).trim();
  if (text.startsWith('{')) {
    const { version, address, protocol } = JSON.parse(text);
    return { form: 'json', version, address, protocol };
  }
  if (text.startsWith('unix:')) {
    return { form: 'address', version: 2, address: text, protocol: 'ttrpc' };
  }
  const { version, address, protocol } = BootstrapResult.decode(stdout);
  return { form: 'protobuf', version, address, protocol };
}
