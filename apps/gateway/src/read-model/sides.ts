import type { GroupSides, WeightDocument, Weights } from '@sluice/contracts';
import { type GroupState, liveSideOf } from '@sluice/group';

/** The sides of a group: the one place that names the live one (SWB-01). Times are ms since the epoch. */
export interface SidesView {
  readonly names: readonly [string, string];
  /** The side with all traffic; null while both have some. */
  readonly live: string | null;
  /** The side without any: the header `x-sluice-side` reaches it all the same (SWB-19). */
  readonly dark: string | null;
  /** As published; null: traffic was never moved, the live side has all of it. */
  readonly weights: Weights | null;
  readonly version: number | null;
  readonly since: number | null;
  /** The rollout that set these weights, and the one that moves them now. */
  readonly movedBy: string | null;
  readonly moving: string | null;
  /** The version that succeeded last on each side. */
  readonly versions: Readonly<Record<string, string | null>>;
  readonly services: readonly string[];
  readonly capacity: string;
}

type Published = Pick<SidesView, 'weights' | 'version' | 'since' | 'movedBy'>;

/** Published weights say who serves; before there are any, what succeeded last says it, or the order of the names. */
export function sidesOf(sides: GroupSides, state: GroupState, document: WeightDocument | undefined): SidesView {
  const { names } = sides;
  const live = document === undefined ? (liveSideOf(state) ?? names[0]) : fullOf(document.weights);
  return {
    names,
    live,
    dark: live === null ? null : (names.find((name) => name !== live) ?? null),
    ...publishedOf(document),
    moving: state.active ?? null,
    versions: Object.fromEntries(names.map((name) => [name, lastOn(name, state)])),
    services: sides.services.map(({ name }) => name),
    capacity: sides.capacity,
  };
}

const fullOf = (weights: Weights): string | null =>
  Object.entries(weights).find(([, weight]) => weight === 100)?.[0] ?? null;

const publishedOf = (document: WeightDocument | undefined): Published => {
  if (document === undefined) return { weights: null, version: null, since: null, movedBy: null };
  const { weights, version, since, rolloutId: movedBy } = document;
  return { weights, version, since, movedBy };
};

const lastOn = (name: string, { history }: GroupState): string | null =>
  history.findLast(({ side }) => side === name)?.version ?? null;
