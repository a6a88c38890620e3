import {
  attemptId,
  EMPTY_HEAD,
  type EventToAppend,
  groupStreamId,
  type Plan,
  type RunReport,
  shardOfGroup,
  STEP_CHAIN,
} from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import { serviceActor } from '@sluice/kernel';
import { newUlid } from '@sluice/observability';
import { decideRollout, evolveRollout, initialRollout, type RolloutInput } from '@sluice/rollout';

import { planOf, shardOf, STEPS_PER_TARGET, targetsOf, writePlan } from '../rollouts.js';

/** Reports of one group commit of a busy rollout. */
const REPORTS_PER_COMMIT = 80;
const TOKEN = 1;
const EXECUTOR = serviceActor('executor');

/** One open rollout as its executor would have written it: every target but the last is done. Resolves with the number of its events. */
export async function writeHistory(log: EventLog, index: number, count: number): Promise<number> {
  const group = `group-${index}`;
  const targets = targetsOf(count, `history-${index}`);
  const plan = planOf({ group, version: '1', targets });
  await (
    await writePlan(log, plan, targets)
  )();
  await grant(log, plan);
  const writer = new RolloutWriter(log, plan);
  for (const target of targets) writer.evolve({ type: 'PlanTargetsAdded', from: writer.known, targets: [target] });
  writer.evolve({ type: 'RolloutPlanned', plan, planHash: '' });
  await writer.take({ type: 'start', token: TOKEN }, 'lease:1');
  for (const [target, { host }] of targets.slice(0, -1).entries()) {
    const report = reportOf(plan, target, host);
    await writer.take({ type: 'report', report }, report.attempt, host);
  }
  await writer.flush();
  return writer.written;
}

async function grant(log: EventLog, plan: Plan): Promise<void> {
  const { rolloutId, group } = plan;
  const stream = { shard: shardOfGroup(group), writer: 'group', id: groupStreamId(group) } as const;
  const meta = { by: EXECUTOR, cause: `planned:${rolloutId}`, corr: plan.requestId };
  const event = { type: 'LeaseGranted', rolloutId, token: TOKEN } as const;
  await log.append(stream, EMPTY_HEAD, { id: newUlid(), at: Date.now(), events: [{ event, meta }] });
}

const reportOf = (plan: Plan, target: number, host: string): RunReport => ({
  v: 1,
  host,
  rollout: plan.rolloutId,
  attempt: attemptId(plan.rolloutId, host, 'drain', 1),
  target,
  kind: 'roll',
  n: 1,
  token: TOKEN,
  final: true,
  steps: STEP_CHAIN.map((step) => ({ step, ok: true, ms: 1 + (target % 1_000) })),
});

/** Decides as the executor does, and commits as many reports at once as a busy one. */
class RolloutWriter {
  written = 0;
  known = 0;
  private readonly state = initialRollout();
  private readonly waiting: EventToAppend[] = [];
  private head = EMPTY_HEAD;

  constructor(
    private readonly log: EventLog,
    private readonly plan: Plan,
  ) {}

  evolve(event: Parameters<typeof evolveRollout>[1]): void {
    evolveRollout(this.state, event, Date.now());
    this.known = this.state.targets.length;
  }

  async take(input: RolloutInput, cause: string, host?: string): Promise<void> {
    const by = host === undefined ? EXECUTOR : ({ id: host, kind: 'agent' } as const);
    this.decide(input, { by, cause, corr: this.plan.requestId });
    const course = { by: EXECUTOR, cause, corr: this.plan.requestId };
    while (this.decide({ type: 'advance' }, course) > 0);
    if (this.waiting.length >= REPORTS_PER_COMMIT * STEPS_PER_TARGET) await this.flush();
  }

  async flush(): Promise<void> {
    const events = this.waiting.splice(0);
    if (events.length === 0) return;
    const stream = { shard: shardOf(this.plan), writer: 'exec', id: this.plan.rolloutId } as const;
    this.head = await this.log.append(stream, this.head, { id: newUlid(), at: Date.now(), events });
    this.written += events.length;
  }

  private decide(input: RolloutInput, meta: EventToAppend['meta']): number {
    const events = decideRollout(this.state, input, Date.now());
    for (const event of events) {
      this.evolve(event);
      this.waiting.push({ event, meta });
    }
    return events.length;
  }
}
