import type { ArtifactRef, PlanSideService, ServiceCapacity, WeightPlace, Weights } from '@sluice/contracts';

import type { Called } from '../dependency/called.js';

/** One side of a rollout that shifts traffic. `new` is to run the version; of `old` nobody asks what it runs. */
export interface SidePlace {
  readonly rollout: string;
  readonly group: string;
  readonly app: string;
  readonly version: string;
  readonly artifact: ArtifactRef;
  readonly side: string;
  readonly role: 'old' | 'new';
  /** `agents`, or the name of a command hook. */
  readonly capacity: string;
  readonly services: readonly PlanSideService[];
}

export interface WantedCapacity {
  readonly service: string;
  readonly desired: number;
}

/** The way to what runs on the sides. Each call says what is to hold or asks what does, so it may be said again at any time. */
export interface SidesPort {
  /** One entry for each service of the plan. */
  look(place: SidePlace): Promise<Called<readonly ServiceCapacity[]>>;
  /** At least so much of each service. Done: it was taken, not that it stands; `look` tells that. */
  scale(place: SidePlace, wanted: readonly WantedCapacity[]): Promise<Called<void>>;
  /** The side gets no requests any more. Answers in words what became of it. */
  retire(place: SidePlace): Promise<Called<string>>;
}

/** Weights as they were set: `token` and `rev` order them among all that was ever set for the group. */
export interface WeightsPlace {
  readonly group: string;
  readonly rollout: string;
  /** Fencing token of the lease of the group. */
  readonly token: number;
  /** Revision of the rollout's stream at which they were set. */
  readonly rev: number;
  /** Who set them. */
  readonly by: string;
  readonly publish: readonly WeightPlace[];
}

/** `dependency`: which one it was, when it is not done. */
export type Published = Called<number> & { readonly dependency?: string };

export interface WeightsPort {
  /**
   * Puts the weights where applications and load balancers read them. Done with the version of the document once every
   * publisher has them. The same place and weights again: the same version, and nothing is written twice.
   */
  publish(place: WeightsPlace, weights: Weights): Promise<Published>;
}

export interface TrafficPorts {
  readonly sides: SidesPort;
  readonly weights: WeightsPort;
}
