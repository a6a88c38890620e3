/** One rule broken: `find` stands exactly once in the built module and is replaced. */
export interface Mutant {
  readonly id: string;
  /** The rule that it breaks, in words. */
  readonly breaks: string;
  /** A package, and a module of its `dist`. */
  readonly module: readonly [name: string, file: string];
  readonly find: string;
  readonly replace: string;
  /** The scenarios that it can show in; all of them when absent. */
  readonly shows?: readonly string[];
}

export type Patch = readonly [id: string, breaks: string, find: string, replace: string];

export const of = (name: string, file: string, patches: readonly Patch[], shows?: readonly string[]): Mutant[] =>
  patches.map(([id, breaks, find, replace]) => ({
    ...{ id, breaks, module: [name, file], find, replace },
    ...(shows === undefined ? {} : { shows }),
  }));
