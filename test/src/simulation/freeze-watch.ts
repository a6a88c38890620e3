import type { Appended, RolloutModel } from '@sluice/audit';
import type { FreezeEvent, Plan, RolloutEvent } from '@sluice/contracts';

type Declared = Extract<FreezeEvent, { readonly type: 'FreezeDeclared' }>;

/** A rollout hears of a freeze within so long; an executor that is started reads it first. */
const HEARD_WITHIN_MS = 3_000;

/** Holds what rollouts do against the freezes of the log: nothing begins while one of them covers it (I6). */
export class FreezeWatch {
  private readonly declared = new Map<string, Declared & { readonly at: number }>();
  /** Somebody has set a clock: nobody knows what time it is for whom. */
  isTimeless = false;

  constructor(
    private readonly modelOf: (id: string) => RolloutModel | undefined,
    private readonly complain: (what: string) => void,
  ) {}

  /** Freezes that are declared and not over. */
  names(): readonly string[] {
    return [...this.declared.keys()];
  }

  clear(): void {
    this.declared.clear();
  }

  landed({ stream, draft, head }: Appended): void {
    for (const { event } of draft.events) {
      if (event.type === 'FreezeDeclared') this.declared.set(event.freeze, { ...event, at: head.at });
      if (event.type === 'FreezeLifted') this.declared.delete(event.freeze);
      if (stream.writer === 'exec' && BEGINS.has(event.type)) this.begins(stream.id, event as RolloutEvent, head.at);
    }
  }

  private begins(id: string, { type }: RolloutEvent, now: number): void {
    const model = this.modelOf(id);
    if (model === undefined || model.plan.budget.advisory || this.isTimeless) return;
    for (const { freeze, scope, from, until, at } of this.declared.values()) {
      const holds = Math.max(from, at) + HEARD_WITHIN_MS < now && now < until;
      if (holds && covers(scope, model.plan) && model.freezes.get(freeze) !== 'overridden')
        this.complain(`I6: ${type} of ${id} while ${freeze} holds`);
    }
  }
}

const BEGINS: ReadonlySet<string> = new Set([
  'TargetsAdmitted',
  'StageEntered',
  'SideScaleOrdered',
  'SideRetireOrdered',
]);

const covers = (scope: Declared['scope'], plan: Plan): boolean =>
  scope.kind === 'all' || plan[scope.kind] === scope.name;
