import { type Clock, ulid } from '@sluice/kernel';

/** Chance that repeats: the same seed gives the same numbers. */
export interface Random {
  /** [0, 1). */
  next(): number;
  /** [0, below). */
  int(below: number): number;
  /** True in that share of the cases. */
  chance(probability: number): boolean;
  bytes(length: number): Uint8Array;
  /** A source of its own for one purpose, so that a draw more in one place changes nothing elsewhere. */
  fork(purpose: string): Random;
}

/** mulberry32 over a seed that was mixed first: neighbouring seeds have nothing in common. */
export function seededRandom(seed: number | string): Random {
  const origin = typeof seed === 'string' ? hashText(seed, 0) : seed >>> 0;
  let state = mix(origin);
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    return mix(state) / 4_294_967_296;
  };
  const int = (below: number): number => Math.floor(next() * below);
  return {
    next,
    int,
    chance: (probability) => next() < probability,
    bytes: (length) => Uint8Array.from({ length }, () => int(256)),
    fork: (purpose) => seededRandom(hashText(purpose, origin)),
  };
}

function hashText(text: string, seed: number): number {
  let hash = seed >>> 0;
  for (let i = 0; i < text.length; i += 1) hash = mix(hash ^ text.charCodeAt(i));
  return hash;
}

function mix(value: number): number {
  let t = value >>> 0;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return (t ^ (t >>> 14)) >>> 0;
}

/** ULIDs of a clock and a seeded chance: the ids of a run repeat with its seed. */
export function seededIds(clock: Clock, random: Random): () => string {
  return () => ulid(clock.now(), random.bytes(10));
}
