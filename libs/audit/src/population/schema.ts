import { DOCUMENTS } from '@sluice/contracts';

export const POPULATION_SCHEMA = DOCUMENTS.population;

/** One change, or one request that was refused. Times are RFC 3339. */
export interface PopulationItem {
  /** `pruned`: its bytes were deleted; that it was, and when, is all that is left. */
  readonly kind: 'rollout' | 'refused' | 'pruned';
  /** Of the rollout, or of the refused request. */
  readonly id: string;
  /** When its plan was sealed, or the request refused: what decides whether it is of the period. */
  readonly planned: string;
  readonly requestedBy: string;
  readonly app: string;
  readonly group: string;
  readonly environment: string;
  readonly strategy: string;
  readonly version: string;
  readonly artifact: string;
  readonly planHash: string;
  readonly targets: number;
  readonly approvedBy: readonly string[];
  /** What had become of it at the end of what was read. */
  readonly state: string;
  readonly ended: string;
  readonly reason: string;
  /** Of the commit that sealed its plan: log position, entry in the tree (from 0), and SHA-256 of its bytes. */
  readonly position: number;
  readonly entry: number;
  readonly commit: string;
}

/** What was read, so that somebody else can read the same and find the same. */
export interface Coverage {
  readonly commits: number;
  readonly streams: number;
  readonly firstPosition: number;
  readonly lastPosition: number;
  /** Root of the tree of these commits, base64. */
  readonly root: string;
  /** Origin and size of the checkpoint that they were held against; absent without one. */
  readonly checkpoint?: { readonly origin: string; readonly size: number };
}

/** All changes of a period. A function of the log up to the checkpoint, of the period, and of nothing else. */
export interface Population {
  readonly schema: typeof POPULATION_SCHEMA;
  /** RFC 3339; `until` is not included. Absent: from the beginning, or to the end of what was read. */
  readonly since?: string;
  readonly until?: string;
  readonly coverage: Coverage;
  readonly totals: {
    readonly rollouts: number;
    readonly refused: number;
    readonly pruned: number;
    readonly states: Readonly<Record<string, number>>;
  };
  readonly items: readonly PopulationItem[];
}
