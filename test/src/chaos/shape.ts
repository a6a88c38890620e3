/** How big a world is. Real agents of `shops` are a process each; all hosts of a farm share one process. */
export interface Shape {
  readonly services: Readonly<Record<ServiceKind, number>>;
  readonly shops: number;
  readonly hostsOfShop: number;
  readonly farms: number;
  readonly hostsOfFarm: number;
}

export const SERVICE_KINDS = ['planner', 'executor', 'health-gate', 'notifier', 'gateway'] as const;
export type ServiceKind = (typeof SERVICE_KINDS)[number];

const SERVICES = { planner: 2, executor: 3, 'health-gate': 2, notifier: 2, gateway: 1 } as const;

export const WHOLE: Shape = { services: SERVICES, shops: 2, hostsOfShop: 3, farms: 4, hostsOfFarm: 8 };
/** For the tests: three executors, and of the others as few as there may be. */
export const SMALL: Shape = {
  services: { planner: 1, executor: 3, 'health-gate': 1, notifier: 2, gateway: 1 },
  shops: 1,
  hostsOfShop: 2,
  farms: 2,
  hostsOfFarm: 4,
};

/** How long a shard is free after its owner fell silent, ms. */
export const LEASE_MS = 2_000;
