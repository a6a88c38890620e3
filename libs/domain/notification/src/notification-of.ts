import { type DomainEvent, isRolloutId, type Notification } from '@sluice/contracts';

import { FREEZE_TELLERS, GROUP_TELLERS, tellGateFailed, tellRefused, UNKNOWN } from './tell-others.js';
import { ROLLOUT_TELLERS, tellPlanned } from './tell-rollout.js';
import type { NoticeContext, NoticePlan, Scene, Telling, ToldEvent } from './told.js';

type AnyTeller = (event: never, scene: Scene) => Telling | undefined;

const TELLERS: ReadonlyMap<string, AnyTeller> = new Map<string, AnyTeller>([
  ...Object.entries<AnyTeller>(ROLLOUT_TELLERS),
  ...Object.entries<AnyTeller>(GROUP_TELLERS),
  ...Object.entries<AnyTeller>(FREEZE_TELLERS),
  ['RolloutPlanned', tellPlanned],
  ['RequestRefused', tellRefused],
  ['GateJudged', tellGateFailed],
]);

/** The name of a log event, and of the notification that tells it, for ever. */
export const noticeId = (commitId: string, index: number): string => `${commitId}.${index}`;

/** True for an event that may matter to a person; cheap, and asked of every event of the log. */
export const isNotable = (event: DomainEvent): boolean =>
  event.type === 'GateJudged' ? event.verdict === 'fail' && event.shadow !== true : TELLERS.has(event.type);

/** The rollout whose plan a telling of this event needs; undefined when it needs none. */
export function rolloutOf({ event, stream }: Pick<ToldEvent, 'event' | 'stream'>): string | undefined {
  if (event.type === 'LeaseDropped' || event.type === 'VersionBlocked') return event.rolloutId;
  return isRolloutId(stream.id) && event.type !== 'RequestRefused' ? stream.id : undefined;
}

/** What the event says to a person, or undefined when it is no news. Holds nothing that looks like a credential. */
export function notificationOf(told: ToldEvent, context: NoticeContext): Notification | undefined {
  const scene = sceneOf(told, context);
  const telling = TELLERS.get(told.event.type)?.(told.event as never, scene);
  return telling === undefined ? undefined : cloudEvent(told, telling, scene);
}

function sceneOf({ event, meta }: ToldEvent, context: NoticeContext): Scene {
  const known = event.type === 'RolloutPlanned' ? event.plan : context.plan;
  const plan = known ?? { ...UNKNOWN_PLAN, app: context.app ?? UNKNOWN, group: context.group ?? UNKNOWN };
  return { plan, group: context.group ?? plan.group, who: meta.by.id };
}

/** Stands in for a plan that the log no longer holds: an event is told all the same. */
const UNKNOWN_PLAN: NoticePlan = {
  rolloutId: '',
  app: UNKNOWN,
  group: UNKNOWN,
  version: '',
  strategy: 'rolling',
  targetCount: 0,
  canaries: 0,
  batches: [],
  waits: { intervalMs: 0, tailIntervalMs: 0, tailFrom: 3, bakeMs: 0 },
  approvals: { batches: 'required' },
  gates: [],
};

type About = Required<NonNullable<Telling['about']>>;

function cloudEvent(told: ToldEvent, telling: Telling, { plan, group }: Scene): Notification {
  const { stream, position, index, meta } = told;
  const rolloutId = isRolloutId(stream.id) ? stream.id : '';
  const about: About = { app: plan.app, group, version: plan.version, rolloutId, ...telling.about };
  return {
    specversion: '1.0',
    id: noticeId(told.commitId, index),
    source: `/sluice/${stream.writer}/${stream.id}`,
    type: telling.type,
    subject: subjectOf(about, stream.id),
    time: new Date(told.at).toISOString(),
    datacontenttype: 'application/json',
    sequence: `${String(position).padStart(16, '0')}.${String(index).padStart(4, '0')}`,
    data: {
      ...about,
      severity: telling.severity,
      text: telling.text,
      state: telling.state,
      actor: meta.by,
      position,
      details: telling.details,
    },
  };
}

function subjectOf({ rolloutId, group }: About, streamId: string): string {
  if (rolloutId !== '') return rolloutId;
  return group === '' ? streamId : group;
}
