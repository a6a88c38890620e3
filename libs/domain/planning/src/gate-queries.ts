import type { FaultList } from './faults.js';

/** What queries of a plan can ask about. */
export interface QueryContext {
  /** The rollout shifts traffic between two sides. */
  readonly isShift: boolean;
  /** It has hosts, or its sides are groups of hosts: otherwise nobody knows who they are. */
  readonly hasHosts: boolean;
}

const WINDOW = 'window';
const COMMON = ['app', 'group', 'version', WINDOW];
const SIDES = ['side', 'oldSide'];
const HOSTS = ['hosts', 'others'];

const PLACE = /\{\{([^{}]*)\}\}/g;
const NAMED = /^\s*([A-Za-z]+)(?::re)?\s*$/;
const HAS_WINDOW = /\{\{\s*window\s*\}\}/;
/** Texts of PromQL. */
const TEXTS = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`/g;

const namesIn = (query: string): readonly (readonly [whole: string, name: string | undefined])[] =>
  [...query.matchAll(PLACE)].map(([whole, inner = '']) => [whole.slice(0, 60), NAMED.exec(inner)?.[1]]);

/**
 * What a query asks for by {{name}} must be something that the health-gate knows, and stand in the text of a label.
 * Codes: QUERY_PLACE, QUERY_UNQUOTED.
 */
export function checkQuery(list: FaultList, path: string, query: string, { isShift, hasHosts }: QueryContext): void {
  const known = [...COMMON, ...(isShift ? SIDES : []), ...(hasHosts ? HOSTS : [])];
  for (const [whole, name] of namesIn(query)) {
    if (name !== undefined && known.includes(name)) continue;
    const names = known.map((each) => `{{${each}}}`).join(', ');
    const where = isShift ? 'this shift of traffic' : 'a rollout from host to host';
    list.add(path, 'QUERY_PLACE', `holds ${whole}; on ${where} there is ${names}`);
  }
  const bare = namesIn(query.replace(TEXTS, '""')).find(([, name]) => name !== undefined && name !== WINDOW);
  if (bare !== undefined)
    list.add(path, 'QUERY_UNQUOTED', `holds ${bare[0]} outside of quotes: put it into the value of a label`);
}

/** A query that is asked for two windows says where the window stands. Code: QUERY_WINDOW. */
export function checkWindow(list: FaultList, path: string, query: string): void {
  if (HAS_WINDOW.test(query)) return;
  const message = 'must count events over {{window}}, as in increase(errors[{{window}}]): it is asked for two windows';
  list.add(path, 'QUERY_WINDOW', message);
}
