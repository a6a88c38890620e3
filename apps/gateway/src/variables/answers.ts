import { hash } from 'node:crypto';

import type { Scalar } from '@sluice/contracts';
import { sideOf, type VariableState } from '@sluice/variable';

/** What one host is told: made once for all hosts that are to have the same. */
export interface Answer {
  readonly body: string;
  readonly etag: string;
  /** Of a 200 and of a 304: names and values in turn, as node takes them. */
  readonly full: readonly string[];
  readonly same: readonly string[];
}

/** A client keeps what it has while we are away; a cache between us may, too. */
const CACHE_CONTROL = 'private, max-age=5, stale-if-error=2592000';
const NOT_KEPT = 'no-store';

/** Characters of bodies and keys that are kept at most. */
const MAX_CHARACTERS = 32 * 1024 * 1024;
/** Sides in one whole number. */
const BITS = 30;

export function answerOf(values: Readonly<Record<string, Scalar>>, kept = true): Answer {
  return answerOfBody(JSON.stringify(values), kept);
}

function answerOfBody(body: string, kept = true): Answer {
  const etag = `"${hash('sha256', body, 'base64url').slice(0, 22)}"`;
  const common = ['etag', etag, 'cache-control', kept ? CACHE_CONTROL : NOT_KEPT];
  const length = String(Buffer.byteLength(body));
  const full = ['content-type', 'application/json; charset=utf-8', 'content-length', length, ...common];
  return { body, etag, full, same: common };
}

/**
 * The answers of a fleet's hosts, made when they are first asked for and kept until one of their values changes. Hosts
 * that are to have the same share one. Above a bound all are dropped, and made again as they are asked for.
 */
export class Answers {
  private bySlot: (Answer | undefined)[] = [];
  private readonly byValues = new Map<string, Answer>();
  private characters = 0;

  /** `variables`: by name. */
  of(slot: number, variables: readonly VariableState[]): Answer {
    return this.bySlot[slot] ?? this.make(slot, variables);
  }

  drop(slots: readonly number[]): void {
    for (const slot of slots) if (slot < this.bySlot.length) this.bySlot[slot] = undefined;
  }

  dropAll(): void {
    this.bySlot = [];
    this.byValues.clear();
    this.characters = 0;
  }

  get kept(): number {
    return this.byValues.size;
  }

  private make(slot: number, variables: readonly VariableState[]): Answer {
    const key = keyOf(slot, variables);
    let answer = this.byValues.get(key);
    if (answer === undefined) {
      answer = answerOfBody(bodyOf(slot, variables));
      this.characters += key.length + 2 * answer.body.length;
      if (this.characters > MAX_CHARACTERS) this.dropAll();
      this.byValues.set(key, answer);
    }
    // Places that nobody asked for are holes: an array of a length that no push would reach is a slow one.
    while (this.bySlot.length < slot) this.bySlot.push(undefined);
    this.bySlot[slot] = answer;
    return answer;
  }
}

/** Which of its two values each variable has, and those of pins in words. */
function keyOf(slot: number, variables: readonly VariableState[]): string {
  let [key, bits, used] = ['', 0, 0];
  for (const variable of variables) {
    const pin = variable.pins.size === 0 ? undefined : variable.pins.get(slot);
    if (pin !== undefined) key += `${JSON.stringify(pin)};`;
    bits = bits * 2 + (sideOf(variable, slot) === 'to' ? 1 : 0);
    used += 1;
    if (used === BITS) [key, bits, used] = [`${key}${bits},`, 0, 0];
  }
  return `${key}${bits}/${used}`;
}

function bodyOf(slot: number, variables: readonly VariableState[]): string {
  const state: Record<string, Scalar> = {};
  for (const variable of variables)
    state[variable.spec.name] = variable.pins.get(slot) ?? variable.spec[sideOf(variable, slot)];
  return JSON.stringify(state);
}
