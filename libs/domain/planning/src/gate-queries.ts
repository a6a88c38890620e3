import type { FaultList } from './faults.js';

const COMMON = ['app', 'group', 'version'];
/** Hosts of a stage are known where a rollout goes host by host, sides where it shifts traffic. */
const OF_HOSTS = [...COMMON, 'hosts', 'others'];
const OF_SHIFT = [...COMMON, 'side', 'oldSide'];
const WINDOW = 'window';

const PLACE = /\{\{([^{}]*)\}\}/g;
const NAMED = /^\s*([A-Za-z]\w*)(?::re)?\s*$/;
const HAS_WINDOW = /\{\{\s*window\s*\}\}/;

export interface QueryRules {
  readonly isShift: boolean;
  /** The window stands in the query as {{window}}. */
  readonly windowed?: true;
}

/** What a query asks for by {{name}} must be something that the health-gate knows. Codes: QUERY_PLACE, QUERY_WINDOW. */
export function checkQuery(list: FaultList, path: string, query: string, { isShift, windowed }: QueryRules): void {
  const known = isShift ? OF_SHIFT : OF_HOSTS;
  checkPlaces(list, path, query, windowed === true ? [...known, WINDOW] : known);
  if (windowed !== true || HAS_WINDOW.test(query)) return;
  const message = 'must count events over {{window}}, as in increase(errors[{{window}}]): it is asked for two windows';
  list.add(path, 'QUERY_WINDOW', message);
}

function checkPlaces(list: FaultList, path: string, query: string, known: readonly string[]): void {
  for (const [whole, inner = ''] of query.matchAll(PLACE)) {
    const name = NAMED.exec(inner)?.[1];
    if (name !== undefined && known.includes(name)) continue;
    const names = known.map((each) => `{{${each}}}`).join(', ');
    const where = known.includes('side') ? 'a shift of traffic' : 'a rollout from host to host';
    list.add(path, 'QUERY_PLACE', `holds ${whole.slice(0, 60)}; on ${where} there is ${names}`);
  }
}
