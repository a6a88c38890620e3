/** One key as it stood at a revision; no value = deleted. */
export interface LeaseEntry {
  readonly key: string;
  readonly value: string | undefined;
  readonly revision: number;
}

/**
 * Keys with compare-and-set: undefined or false = the key stands at another revision. Throws when the store cannot be
 * reached in time; it is then not known whether it was done.
 */
export interface LeaseStore {
  create(key: string, value: string): Promise<number | undefined>;
  update(key: string, value: string, revision: number): Promise<number | undefined>;
  put(key: string, value: string): Promise<void>;
  remove(key: string, revision: number): Promise<boolean>;
  /** The key, or undefined when it is not there. */
  get(key: string): Promise<LeaseEntry | undefined>;
  /** Tells every key that stands there, then resolves; from then on each change. What expires is not told. */
  watch(onEntry: (entry: LeaseEntry) => void): Promise<() => void>;
}

/** The right to do one part of the work. Looked at before each act: it may have run out while this process stood still. */
export interface Lease {
  readonly part: string;
  isValid(): boolean;
}

/** What does the work of the parts. */
export interface LeaseHolder {
  /** Resolves when its work is done here; a rejection gives the lease back. */
  acquire(part: string, lease: Lease): Promise<void>;
  /** In peace: what is under way is committed and answered first, within a bound. */
  release(part: string): Promise<void>;
  /** The lease ran out: at once, nothing is waited for. */
  drop(part: string): void;
}
