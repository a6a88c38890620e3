import { SluiceError } from '@sluice/kernel';

import { fromRanges, toRanges } from '../ranges.js';

/**
 * How an event keeps a list of targets: as ranges when it ascends (`r`), as one bit a target where that is shorter
 * (`b`, from the target `at` on), one by one otherwise (`l`). Every second target of 100,000 would be 600 KB of ranges
 * and is 17 KB of bits: the decision about any choice of targets fits a commit.
 */
export interface StoredTargets {
  readonly r?: readonly number[];
  readonly l?: readonly number[];
  readonly at?: number;
  readonly b?: string;
}

const SYMBOLS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const BITS = 6;
/** Below that many characters ranges are always good, and can be read. */
const SHORT = 512;

export function storeTargets(targets: readonly number[]): StoredTargets {
  if (!ascends(targets)) return { l: targets };
  const ranges = toRanges(targets);
  const [first = 0, last = 0] = [targets[0], targets.at(-1)];
  const length = ranges.length * (String(last).length + 1);
  if (length <= SHORT || length <= (last - first) / BITS) return { r: ranges };
  return { at: first, b: toBits(targets, first, last) };
}

export function loadTargets({ r, l, at, b }: StoredTargets): readonly number[] {
  if (b !== undefined) return fromBits(b, at ?? 0);
  return l ?? fromRanges(r ?? []);
}

/** An upper bound of the characters that a list takes in the log, without writing it. */
export function storedTargetsSize(targets: readonly number[]): number {
  const last = targets.at(-1) ?? 0;
  const each = targets.length * 2 * (String(last).length + 1);
  return 32 + Math.min(each, Math.max(SHORT, (last - (targets[0] ?? 0)) / BITS));
}

const ascends = (targets: readonly number[]): boolean =>
  targets.every((target, i) => i === 0 || (targets[i - 1] ?? 0) < target);

function toBits(targets: readonly number[], first: number, last: number): string {
  const codes = new Uint8Array(Math.floor((last - first) / BITS) + 1);
  for (const target of targets) {
    const place = Math.floor((target - first) / BITS);
    codes[place] = (codes[place] ?? 0) | (1 << ((target - first) % BITS));
  }
  return Array.from(codes, (code) => SYMBOLS[code]).join('');
}

function fromBits(text: string, first: number): number[] {
  const targets: number[] = [];
  for (let place = 0; place < text.length; place += 1) {
    const code = SYMBOLS.indexOf(text[place] ?? '');
    if (code < 0)
      throw new SluiceError('BAD_TARGETS', 'a list of targets in the log has a symbol that stands for none');
    for (let bit = 0; bit < BITS; bit += 1) if ((code & (1 << bit)) !== 0) targets.push(first + place * BITS + bit);
  }
  return targets;
}
