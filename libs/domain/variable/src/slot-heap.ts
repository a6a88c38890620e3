/** Slots of one role in the order in which they are to flip, the next on top. 4 bytes a host. */
export interface SlotHeap {
  slots: Uint32Array;
  size: number;
}

export type Before = (a: number, b: number) => boolean;

/** `room`: how many are expected; more find room too. */
export const emptyHeap = (room: number): SlotHeap => ({ slots: new Uint32Array(Math.max(1, room)), size: 0 });

const at = (heap: SlotHeap, place: number): number => heap.slots[place] ?? 0;

export function push(heap: SlotHeap, slot: number, before: Before): void {
  if (heap.size === heap.slots.length) {
    const more = new Uint32Array(heap.size * 2);
    more.set(heap.slots);
    heap.slots = more;
  }
  let place = heap.size;
  heap.size += 1;
  while (place > 0) {
    const parent = (place - 1) >> 1;
    if (!before(slot, at(heap, parent))) break;
    heap.slots[place] = at(heap, parent);
    place = parent;
  }
  heap.slots[place] = slot;
}

/** Takes the top off; undefined when nothing is left. */
export function pop(heap: SlotHeap, before: Before): number | undefined {
  if (heap.size === 0) return undefined;
  const top = at(heap, 0);
  heap.size -= 1;
  if (heap.size > 0) sink(heap, at(heap, heap.size), before);
  return top;
}

function sink(heap: SlotHeap, slot: number, before: Before): void {
  let place = 0;
  for (let child = 1; child < heap.size; child = 2 * place + 1) {
    if (child + 1 < heap.size && before(at(heap, child + 1), at(heap, child))) child += 1;
    if (!before(at(heap, child), slot)) break;
    heap.slots[place] = at(heap, child);
    place = child;
  }
  heap.slots[place] = slot;
}
