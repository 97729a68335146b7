import { bootstrapRow } from './bootstrap/row.ts';
import type { Row } from './cell.ts';
import { containerdRow } from './containerd/row.ts';
import { dockerRow } from './docker/row.ts';
import type { Peers } from './peers.ts';

/** All rows of the matrix, the most used peers first. */
export function matrixRows(peers: Peers): Row[] {
  return [
    containerdRow(peers, { id: '1.6', suite: 'bookworm', runtime: ['bookworm', 'runc'] }),
    containerdRow(peers, { id: '1.7', suite: 'trixie', runtime: ['trixie', 'runc'] }),
    containerdRow(peers, { id: '2.1', suite: 'sid', runtime: ['sid', 'runc'] }),
    containerdRow(peers, { id: '2.1-crun', suite: 'sid', runtime: ['sid', 'crun'] }),
    containerdRow(peers, { id: '1.6-crun', suite: 'bookworm', runtime: ['bookworm', 'crun'] }),
    bootstrapRow(peers),
    dockerRow(peers, { id: 'docker-28', suite: 'sid' }),
    dockerRow(peers, { id: 'docker-20', suite: 'bookworm' }),
  ];
}
