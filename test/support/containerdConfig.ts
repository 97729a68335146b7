import { join } from 'node:path';

/** The plugins of CRI, by version of the configuration; they are not the subject and need a network. */
const CRI = {
  2: ['io.containerd.grpc.v1.cri'],
  3: ['io.containerd.grpc.v1.cri', 'io.containerd.cri.v1.images', 'io.containerd.cri.v1.runtime'],
} as const;

/** The text of a config.toml for a daemon that keeps to one directory. */
export function containerdConfig(input: {
  readonly version: 2 | 3;
  readonly directory: string;
  readonly address: string;
}): string {
  return [
    `version = ${input.version}`,
    `root = "${join(input.directory, 'root')}"`,
    `state = "${join(input.directory, 'state')}"`,
    `disabled_plugins = ${JSON.stringify(CRI[input.version])}`,
    '[grpc]',
    `  address = "${input.address}"`,
    '',
  ].join('\n');
}
