import { SluiceError } from '@sluice/kernel';

/** From one payload version to the next; the key is `<type>@<from version>`. A version that was ever written stays. */
const UPCASTERS: ReadonlyMap<string, (data: unknown) => unknown> = new Map();

/** Lifts a payload step by step to the version of today. Code UNKNOWN_EVENT_VERSION when a step is missing. */
export function upcast(
  type: string,
  { from, to }: { readonly from: number; readonly to: number },
  data: unknown,
  table: ReadonlyMap<string, (data: unknown) => unknown> = UPCASTERS,
): unknown {
  let current = data;
  for (let version = from; version !== to; version += 1) {
    const lift = version < to ? table.get(`${type}@${version}`) : undefined;
    if (lift === undefined) {
      throw new SluiceError(
        'UNKNOWN_EVENT_VERSION',
        `the log holds ${type} in version ${from}, this version of Sluice reads up to ${to}: upgrade Sluice`,
      );
    }
    current = lift(current);
  }
  return current;
}
