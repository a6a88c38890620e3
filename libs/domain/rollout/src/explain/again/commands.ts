import type { PlannableMember, RolloutCommand, RolloutEvent } from '@sluice/contracts';

import type { FreshMembers, RolloutInput } from '../../inputs.js';
import { phaseAt, planOf, type RolloutState } from '../../state.js';
import { hostAt } from '../told.js';
import { ofOne, type Rebuilt, type RecordedEvents } from './recorded.js';

type Spoken = { readonly command: RolloutCommand; readonly reason: string | undefined };
type Command = Extract<RolloutInput, { readonly type: 'command' }>;

/** The command that the event at `i` answers, put together from what it recorded. Undefined when no command says that. */
export function commandAt(state: RolloutState, recorded: RecordedEvents, i: number): Rebuilt | undefined {
  const { events, meta } = recorded;
  const [event, by] = [events[i], meta[i]?.by];
  if (event === undefined || by === undefined) return undefined;
  const spoken = spokenBy(state, event) ?? spokenByRelease(state, events, i);
  if (spoken === undefined) return undefined;
  const { command, reason } = spoken;
  if (by.kind === 'policy' && command.type !== 'rollback')
    return { impossible: `the plan itself does not say ${command.type}` };
  const said: Command = { type: 'command', command, actor: by, ...(reason === undefined ? {} : { reason }) };
  return command.type === 'retry' ? withMembers(state, said, ofOne(recorded, i)) : { input: said, from: 'event' };
}

function spokenBy(state: RolloutState, event: RolloutEvent): Spoken | undefined {
  switch (event.type) {
    case 'ApprovalGranted':
      return say({ type: 'approve', approval: event.approval, planHash: event.planHash }, event);
    case 'ApprovalRejected':
      return say({ type: 'reject', approval: event.approval }, event);
    case 'RolloutPaused':
      return say({ type: 'pause' }, event);
    case 'RolloutResumed':
      return say({ type: 'resume' }, event);
    case 'RetryOrdered':
    case 'MembersSynced':
      return say({ type: 'retry' }, event.type === 'RetryOrdered' ? event : {});
    case 'SkipOrdered':
      return say({ type: 'skip', host: hostAt(state, event.target) }, event);
    case 'VerifyWaived':
      return say({ type: 'waive', host: hostAt(state, event.target) }, event);
    case 'BudgetChanged':
      return say({ type: 'override', extraFailures: event.extraFailures - state.extraFailures }, event);
    case 'BatchProceeded':
      return say({ type: 'proceed' }, {});
    case 'ModeChanged':
      return say({ type: 'setMode', mode: event.mode }, event);
    default:
      return spokenToEnd(state, event);
  }
}

function spokenToEnd(state: RolloutState, event: RolloutEvent): Spoken | undefined {
  switch (event.type) {
    case 'IntervalsChanged': {
      const { intervalMs, tailIntervalMs } = event;
      return say({ type: 'setInterval', intervalMs, tailIntervalMs }, event);
    }
    case 'WeightSet':
      return say({ type: 'setWeight', weight: event.weights[planOf(state).traffic?.newSide ?? ''] ?? -1 }, event);
    case 'FreezeOverridden':
      return say({ type: 'hotfix' }, event);
    case 'RolloutSettling':
      return event.cause === 'cancelled' || event.cause === 'rollback'
        ? say({ type: event.cause === 'rollback' ? 'rollback' : 'cancel' }, event)
        : undefined;
    case 'RollbackRequested':
      return say({ type: 'rollback' }, event);
    case 'RolloutClosed':
      return event.cause === 'closed' ? say({ type: 'close' }, event) : undefined;
    default:
      return undefined;
  }
}

const say = (command: RolloutCommand, { reason }: { readonly reason?: string }): Spoken => ({ command, reason });

/** A release comes first in what a retry, a skip or a resume brings. */
function spokenByRelease(state: RolloutState, events: readonly RolloutEvent[], i: number): Spoken | undefined {
  const event = events[i];
  if (event?.type !== 'BrakeReleased') return undefined;
  if (event.by === 'resume') return say({ type: 'resume' }, event);
  if (event.by !== 'retry') return undefined;
  const next = events[i + 1];
  return next?.type === 'SkipOrdered' ? spokenBy(state, next) : say({ type: 'retry' }, event);
}

/** A retry is decided on the members that the group had: those that its events tell. */
function withMembers(state: RolloutState, said: Command, events: readonly RolloutEvent[]): Rebuilt {
  const synced = events.find((event) => event.type === 'MembersSynced');
  const ordered = events.find((event) => event.type === 'RetryOrdered');
  const command: Command = { ...said, ...(ordered?.reason === undefined ? {} : { reason: ordered.reason }) };
  if (synced === undefined) return { input: command, from: 'event' };
  if (synced.problem?.startsWith('the group changed while') === true)
    return { lacks: 'which members the group had in that moment is not recorded' };
  const fresh: FreshMembers =
    synced.problem === undefined
      ? { ok: true, members: membersOf(state, synced) }
      : { ok: false, problem: synced.problem };
  return { input: { ...command, fresh }, from: 'event' };
}

/** All targets but those that had gone, and who had arrived. */
function membersOf(
  state: RolloutState,
  { gone, back }: Extract<RolloutEvent, { readonly type: 'MembersSynced' }>,
): readonly PlannableMember[] {
  const [away, here] = [new Set(gone), new Set(back)];
  const stays = (target: number): boolean =>
    !away.has(target) && (here.has(target) || (phaseAt(state, target) !== 'excluded' && !state.left.has(target)));
  return [...state.targets.filter((_, target) => stays(target)), ...state.arriving];
}
