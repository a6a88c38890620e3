import {
  decodeToken,
  type RecordedCommit,
  rosterStreamId,
  shardOfGroup,
  type StreamName,
  variableOfStreamId,
  variableStreamId,
} from '@sluice/contracts';

export type FleetStream = StreamName & { readonly writer: 'variable' };
export type FleetCommit = RecordedCommit<'variable'>;

/** Code BAD_NAME for a name that no stream can have. */
export const rosterStream = (fleet: string): FleetStream => ({
  shard: shardOfGroup(fleet),
  writer: 'variable',
  id: rosterStreamId(fleet),
});

/** Code BAD_NAME for names that are too long together. */
export const variableStream = (fleet: string, variable: string): FleetStream => ({
  shard: shardOfGroup(fleet),
  writer: 'variable',
  id: variableStreamId(fleet, variable),
});

/** Whose stream it is; without `variable` it is the roster's. Undefined for one that no fleet has. */
export function ownerOfStream(id: string): { readonly fleet: string; readonly variable?: string } | undefined {
  if (id.startsWith('h')) return { fleet: decodeToken(id.slice('h00-'.length)) };
  return variableOfStreamId(id);
}
