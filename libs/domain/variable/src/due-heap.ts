/** Roles by the time at which they are due, the first on top; each at most once. */
export interface DueHeap {
  readonly roles: number[];
  readonly keys: number[];
  /** Where a role stands in `roles`; -1 when it is not due at all. */
  readonly place: number[];
}

export const emptyDue = (): DueHeap => ({ roles: [], keys: [], place: [] });

const keyAt = (due: DueHeap, place: number): number => due.keys[place] ?? Infinity;

export const firstKey = (due: DueHeap): number | undefined => due.keys[0];

export const isDue = (due: DueHeap, role: number): boolean => (due.place[role] ?? -1) >= 0;

function put(due: DueHeap, place: number, { role, key }: { readonly role: number; readonly key: number }): void {
  due.roles[place] = role;
  due.keys[place] = key;
  due.place[role] = place;
}

const entry = (due: DueHeap, place: number) => ({ role: due.roles[place] ?? 0, key: keyAt(due, place) });

/** Puts a role at `key`, wherever it stood; `Infinity` or undefined takes it out. */
export function setDue(due: DueHeap, role: number, key: number | undefined): void {
  while (due.place.length <= role) due.place.push(-1);
  let place = due.place[role] ?? -1;
  if (key === undefined || key === Infinity) {
    if (place >= 0) take(due, role, place);
    return;
  }
  if (place < 0) place = due.roles.length;
  settle(due, place, { role, key });
}

function take(due: DueHeap, role: number, place: number): void {
  const last = entry(due, due.roles.length - 1);
  due.roles.pop();
  due.keys.pop();
  due.place[role] = -1;
  if (last.role !== role) settle(due, place, last);
}

/** Writes an entry at a place and lets it rise or sink from there. */
function settle(due: DueHeap, from: number, moved: { readonly role: number; readonly key: number }): void {
  let place = from;
  while (place > 0 && keyAt(due, (place - 1) >> 1) > moved.key) {
    put(due, place, entry(due, (place - 1) >> 1));
    place = (place - 1) >> 1;
  }
  for (let child = 2 * place + 1; child < due.roles.length; child = 2 * place + 1) {
    if (keyAt(due, child + 1) < keyAt(due, child)) child += 1;
    if (keyAt(due, child) >= moved.key) break;
    put(due, place, entry(due, child));
    place = child;
  }
  put(due, place, moved);
}

/** The roles with a key up to `limit`, in no order; costs what it gives. */
export function dueUpTo(due: DueHeap, limit: number): number[] {
  const found: number[] = [];
  const places = [0];
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    if (keyAt(due, place) > limit) continue;
    found.push(due.roles[place] ?? 0);
    places.push(2 * place + 1, 2 * place + 2);
  }
  return found;
}
