import type { InitializeHook, LoadHook } from 'node:module';

/** What the loader is told: a module and the one place in it that is changed. */
export interface Patched {
  readonly url: string;
  readonly find: string;
  readonly replace: string;
}

let patched: Patched | undefined;

export const initialize: InitializeHook<Patched> = (data) => {
  patched = data;
};

/** Hands out the mutant instead of the module; the file on the disk stays as it is. */
export const load: LoadHook = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context);
  if (url !== patched?.url || loaded.source === undefined) return loaded;
  return { ...loaded, source: textOf(loaded.source).replace(patched.find, () => patched?.replace ?? '') };
};

const textOf = (source: NonNullable<Awaited<ReturnType<LoadHook>>['source']>): string =>
  typeof source === 'string' ? source : new TextDecoder().decode(source);
