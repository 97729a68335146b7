import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Writes the root file system as an OCI image archive with one layer, for `ctr images import`. Containers of an
 * image get their root file system as mounts that the shim makes, which those of `ctr run --rootfs` do not.
 */
export function writeImage(
  rootfs: string,
  name: string,
  output: string,
  command: readonly string[] = ['/bin/sh'],
): void {
  const directory = mkdtempSync(join(tmpdir(), 'podshim-image-'));
  try {
    const blobs = join(directory, 'blobs/sha256');
    mkdirSync(blobs, { recursive: true });
    const add = (content: Uint8Array, mediaType: string) => {
      const hex = createHash('sha256').update(content).digest('hex');
      writeFileSync(join(blobs, hex), content);
      return { mediaType, digest: `sha256:${hex}`, size: content.length };
    };
    const layerPath = join(directory, 'layer');
    execFileSync('tar', ['-C', rootfs, '-cf', layerPath, '.']);
    const layer = add(readFileSync(layerPath), 'application/vnd.oci.image.layer.v1.tar');
    rmSync(layerPath);
    const config = add(
      json({
        architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
        os: 'linux',
        config: { Env: ['PATH=/bin'], Cmd: command },
        rootfs: { type: 'layers', diff_ids: [layer.digest] },
      }),
      'application/vnd.oci.image.config.v1+json',
    );
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const manifest = add(json({ schemaVersion: 2, mediaType, config, layers: [layer] }), mediaType);
    const annotations = { 'io.containerd.image.name': name };
    writeFileSync(
      join(directory, 'index.json'),
      json({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
    );
    writeFileSync(join(directory, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }));
    execFileSync('tar', ['-C', directory, '-cf', output, '.']);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
