import { decodeToken, type GroupEvent, type Plan, shardOfId } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import { type NoticeContext, type NoticePlan, rolloutOf, type ToldEvent } from '@sluice/notification';

import { Remembered } from './remembered.js';

/** Finds what an event does not say itself: its plan, and of a group's event the group and the app that it runs. */
export class Contexts {
  private readonly plans: Remembered<NoticePlan>;

  constructor(
    private readonly log: EventLog,
    remembered: number,
  ) {
    this.plans = new Remembered(remembered);
  }

  async of(told: ToldEvent): Promise<NoticeContext> {
    const { stream } = told;
    if (told.event.type === 'RolloutPlanned') this.plans.set(stream.id, briefOf(told.event.plan));
    const rollout = rolloutOf(told);
    const plan = rollout === undefined ? undefined : await this.planOf(rollout);
    if (stream.writer !== 'group') return plan === undefined ? {} : { plan };
    const group = decodeToken(stream.id.slice(stream.id.indexOf('-') + 1));
    const known = plan ?? (await this.lastPlanOf(told));
    return { group, ...(plan === undefined ? {} : { plan }), ...(known === undefined ? {} : { app: known.app }) };
  }

  /** RolloutPlanned seals a plan, so it stands in the stream's last commit. */
  private async planOf(rollout: string): Promise<NoticePlan | undefined> {
    const known = this.plans.get(rollout);
    const shard = shardOfId(rollout);
    if (known !== undefined || shard === undefined) return known;
    const last = await this.log.last({ shard, writer: 'plan', id: rollout });
    const sealed = last?.events.find((event) => event.type === 'RolloutPlanned');
    if (sealed === undefined) return undefined;
    const plan = briefOf(sealed.plan);
    this.plans.set(rollout, plan);
    return plan;
  }

  /** What a person does to a group is rare, so its history is read when it happens. */
  private async lastPlanOf({ stream }: ToldEvent): Promise<NoticePlan | undefined> {
    let rollout: string | undefined;
    for await (const { events } of this.log.read({ ...stream, writer: 'group' })) {
      for (const event of events) rollout = rolloutNamedBy(event) ?? rollout;
    }
    return rollout === undefined ? undefined : this.planOf(rollout);
  }
}

/** A rollout of the group that the event speaks of: any of them tells the app. */
function rolloutNamedBy(event: GroupEvent): string | undefined {
  if (event.type === 'GroupCheckpointed') return event.active ?? event.history.at(-1)?.rolloutId;
  return 'rolloutId' in event ? event.rolloutId : undefined;
}

/** Without artifacts, environments and commands: what is not remembered cannot be told by mistake. */
function briefOf(plan: Plan): NoticePlan {
  const { rolloutId, app, group, version, strategy, targetCount, canaries, batches, waits, approvals, gates } = plan;
  const { gateSpecs, traffic, ramp } = plan;
  return {
    ...{ rolloutId, app, group, version, strategy, targetCount, canaries, batches, waits, approvals, gates },
    ...(gateSpecs === undefined
      ? {}
      : { onFail: Object.fromEntries(gateSpecs.map(({ name, onFail }) => [name, onFail])) }),
    ...(traffic === undefined ? {} : { traffic: { ...traffic, services: [] } }),
    ...(ramp === undefined ? {} : { ramp }),
  };
}
