import type { Row } from '../matrix/cell.ts';
import { connectionClosed, runtimeKilled, shimKilled } from './podFaults/kills.ts';
import { podRow } from './podRow.ts';

export function faultRows(): readonly Row[] {
  return [shimKilled, runtimeKilled, connectionClosed].map(podRow);
}
