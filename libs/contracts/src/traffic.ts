import type { DurationText, ArtifactRef } from './artifact.js';

/** One service of a group with sides. `groups`: by side, the group of hosts that serves it there (capacity `agents`). */
export interface SideService {
  readonly name: string;
  readonly groups?: Readonly<Record<string, string>>;
}

/** Where a publisher puts the weights: its name among the executor's (SLUICE_BALANCERS), and what it calls the group. */
export interface WeightPlace {
  readonly publisher: string;
  readonly backend: string;
}

/** Two sides of a group between which traffic shifts. The first of `names` is live when nothing was ever shifted. */
export interface GroupSides {
  readonly names: readonly [string, string];
  readonly services: readonly SideService[];
  /** `agents`: the groups of hosts of the services; otherwise the name of a command hook (SLUICE_CAPACITY). */
  readonly capacity: string;
  readonly publish?: readonly WeightPlace[];
}

/** Two sides as people write them: `capacity` is `agents` when it is absent. */
export type GroupSidesDocument = Omit<GroupSides, 'capacity'> & { readonly capacity?: string };

/** What a request may say of its shift. Weights are percent of the new side, strictly increasing, the last is 100. */
export interface TrafficWishes {
  readonly weights?: readonly number[];
  /** Weights at which the smoke gates are judged; 0 is before any traffic. */
  readonly smokeAt?: readonly number[];
  readonly dwell?: DurationText;
  /** Percent of the old side's capacity that the new side has before its first request. */
  readonly preScale?: number;
  /** How long a side may take until it is ready. */
  readonly readyWithin?: DurationText;
  /** From all traffic on the new side to the end of the old one. */
  readonly drainWindow?: DurationText;
  /** Of services that have bytes of their own. */
  readonly artifacts?: Readonly<Record<string, ArtifactRef>>;
}

/** A service as a plan names it. `groups` by side; `app` and `artifact` are those of the new side's group. */
export interface PlanSideService {
  readonly name: string;
  readonly groups?: Readonly<Record<string, string>>;
  readonly app?: string;
  readonly artifact?: ArtifactRef;
}

export interface PlanWeight {
  /** Percent of the new side. */
  readonly weight: number;
  /** Smoke gates are judged at this stage. */
  readonly smoke?: true;
}

/** The shift of a plan from one side to the other. Its stages: pre-scale, one for each weight, retire. */
export interface PlanTraffic {
  readonly oldSide: string;
  readonly newSide: string;
  readonly services: readonly PlanSideService[];
  readonly capacity: string;
  readonly publish: readonly WeightPlace[];
  readonly preScalePercent: number;
  /** Smoke gates are judged before any traffic. */
  readonly smokeDark?: true;
  /** They begin with the pre-scaling, not after it (SWB-18). */
  readonly smokeEarly?: true;
  readonly weights: readonly PlanWeight[];
  /** A person approves before the stage with this weight; absent: nobody has to. */
  readonly approveBefore?: number;
  readonly dwellMs: number;
  readonly readyWithinMs: number;
  readonly drainWindowMs: number;
}

/** How much of a service stands on a side, in whatever unit its autoscaler counts. */
export interface ServiceCapacity {
  readonly service: string;
  /** What its autoscaler is asked for. */
  readonly desired: number;
  readonly created: number;
  /** Created, of the wanted version and healthy. */
  readonly ready: number;
}

/** Percent by side; they sum to 100. */
export type Weights = Readonly<Record<string, number>>;

/** The weights of a group as applications read them: KV `sluice_weights`, HTTP, a file. `version` grows with each. */
export interface WeightDocument {
  readonly v: 1;
  readonly group: string;
  readonly version: number;
  readonly weights: Weights;
  readonly rolloutId: string | null;
  /** ms since the epoch. */
  readonly since: number;
  /** Fencing token of the rollout's lease: a document with a lower one is never written over this. */
  readonly token?: number;
  /** Revision of the rollout's stream at which these weights were set: under one token, an older one is never written over this. */
  readonly rev?: number;
  /** Who moved it, for its history. */
  readonly by?: string;
}
