import type { Writer } from '@sluice/contracts';

export type ServiceName = 'planner' | 'executor' | 'gate';

/** Kills a service at its appends: the `at`-th (from 1), or every one. `before`: the commit does not land. */
export interface CrashPlan {
  readonly service: ServiceName;
  readonly at: number | 'every';
  readonly when: 'before' | 'after';
}

const MAX_CRASHES = 5_000;

const SERVICE_OF: Readonly<Partial<Record<Writer, ServiceName>>> = {
  plan: 'planner',
  exec: 'executor',
  group: 'executor',
  freeze: 'executor',
  variable: 'executor',
  gate: 'gate',
};

/** The service that writes such streams, when the simulation runs it. */
export const serviceOf = (writer: Writer): ServiceName | undefined => SERVICE_OF[writer];

/** Counts the appends of each service and says when one of them is to be killed. */
export class CrashInjector {
  private crashes = 0;
  private readonly appends = { planner: 0, executor: 0, gate: 0 };

  constructor(private readonly plan: CrashPlan | undefined) {}

  /** An append is about to reach the log. True when its writer dies before. */
  before(service: ServiceName): boolean {
    this.appends[service] += 1;
    return this.strikes(service, 'before');
  }

  /** It landed. True when its writer dies before it hears of it. */
  after(service: ServiceName): boolean {
    return this.strikes(service, 'after');
  }

  private strikes(service: ServiceName, when: CrashPlan['when']): boolean {
    const { plan } = this;
    if (plan?.service !== service || plan.when !== when || this.crashes >= MAX_CRASHES) return false;
    const hit = plan.at === 'every' ? this.atEvery(service, when) : plan.at === this.appends[service];
    if (hit) this.crashes += 1;
    return hit;
  }

  /** Killed before every single append it would never get anywhere: every other one, then. */
  private atEvery(service: ServiceName, when: CrashPlan['when']): boolean {
    return when === 'after' || this.appends[service] % 2 === 1;
  }
}
