import type { FactsMeasure, GateMeasure } from '@sluice/contracts';

type Kind = GateMeasure['kind'];
type Of<K extends Kind> = Extract<GateMeasure, { readonly kind: K }>;

const FACTS = ['maxRestarts', 'maxVerifyMs', 'maxOtherVersion'] as const satisfies readonly (keyof FactsMeasure)[];

/** By kind: what passed under the first measure cannot fail under the second. Of what cannot be told, false. */
const LAXER: { readonly [K in Kind]: (live: Of<K>, candidate: Of<K>) => boolean } = {
  threshold: (live, { bound, limit, n, of }) => {
    const isFurther = bound === 'max' ? limit >= live.limit : limit <= live.limit;
    return bound === live.bound && isFurther && n >= live.n && of === live.of;
  },
  burnRate: (live, { factor, objective, minEvents }) =>
    factor >= live.factor && objective <= live.objective && minEvents >= live.minEvents,
  smoke: (live, { maxFailures }) => maxFailures >= live.maxFailures,
  facts: (live, candidate) => FACTS.every((key) => bears(live[key], candidate[key])),
  comparison: () => false,
  webhook: () => false,
};

/** True when what passed under the live measure cannot fail under the candidate's. */
export function isLaxer(live: GateMeasure, candidate: GateMeasure): boolean {
  // Both are of one kind, which the types cannot say of two values.
  const isKindLaxer = LAXER[live.kind] as (live: GateMeasure, candidate: GateMeasure) => boolean;
  return live.kind === candidate.kind && isKindLaxer(live, candidate);
}

const bears = (live: number | undefined, candidate: number | undefined): boolean =>
  live === undefined || candidate === undefined ? live === candidate : candidate >= live;
