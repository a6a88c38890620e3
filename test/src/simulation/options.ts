import type { DomainEvent } from '@sluice/contracts';
import type { PlaceStore } from '@sluice/executor';
import type { MessageFaults, StepFaults, StepTimes } from '@sluice/testing';

import type { CrashPlan } from './crash-plan.js';
import type { FakeBalancer } from './fake-balancer.js';
import type { Scaling } from './traffic/autoscaler.js';

export interface SimulationOptions {
  readonly seed: number;
  readonly hosts: number;
  readonly environment?: 'production' | 'test';
  readonly times?: Partial<StepTimes>;
  readonly faults?: StepFaults;
  readonly messages?: MessageFaults;
  readonly crash?: CrashPlan;
  /** How long the operator thinks before each approval, ms; never approves when it is undefined. */
  readonly approveAfterMs?: number | undefined;
  /** 5 s by default; 0 = never. */
  readonly helloEveryMs?: number;
  /** Keeps every event with its time; on by default. */
  readonly timeline?: boolean;
  /** How many executors drive all shards at once; 1 by default. */
  readonly executors?: number;
  /** The executor keeps how far it has seen the log; it does not by default. */
  readonly memory?: PlaceStore;
  /** The executor reads the log twice and its streams in any order. */
  readonly isShuffled?: boolean;
  /** Drains and enables; agents do so themselves without one. */
  readonly balancer?: FakeBalancer;
  /** Variables that rollouts ramp, each by the group of its name. */
  readonly ramps?: readonly string[];
  /** The group has two sides between which traffic shifts, scaled like that. */
  readonly traffic?: Scaling;
}

export interface TimedEvent {
  readonly at: number;
  readonly id: string;
  readonly event: DomainEvent;
}

export const GROUP = 'shop-prod';
export const APP = 'shop';
export const MEMBER = { app: APP, group: GROUP, running: '1.0.0' } as const;

export const hostName = (index: number): string => `host-${String(index).padStart(5, '0')}`;
