import { sees } from '../access/principal.js';
import type { GroupQuery } from '../read-model/group-catalog.js';
import { decodeCursor } from './cursor.js';
import type { Exchange } from './exchange.js';
import { principalOf } from './headers.js';
import type { GroupsQuery, PageQuery } from './query-inputs.js';

/** The place in a list of names that the query continues at. */
export const cursorOf = (kind: string, { cursor }: PageQuery): string | undefined =>
  cursor === undefined ? undefined : decodeCursor(kind, 'string', cursor);

/** Which groups are asked for, cut to those that the caller may read. */
export function wanted(
  kind: string,
  query: Pick<GroupsQuery, 'limit' | 'cursor' | 'app'>,
  request: Exchange,
): GroupQuery {
  const principal = principalOf(request);
  return {
    after: cursorOf(kind, query),
    limit: query.limit,
    app: query.app,
    sees: (group) => sees(principal, group),
  };
}
