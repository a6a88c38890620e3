import type { CommandEnvelope, RolloutCommand } from '@sluice/contracts';
import { type Clock, messageOf } from '@sluice/kernel';
import { type FreshMembers, nextActions, planOf, syncOf } from '@sluice/rollout';

import type { Registry } from '../actors/registry.js';
import { commandCause, EXECUTOR, type RolloutActor } from '../actors/rollout-actor.js';
import type { EngineLogger, MembersPort } from '../ports.js';

/** A retry waits so long for the members of its group; then it goes on with those that it has. */
const MAX_WAIT_MS = 5_000;
/** New members of one event: at most about 350 KiB, whatever they are called. */
const CHUNK = 1_000;

interface Synced {
  /** What the retry is decided with; undefined where nobody is there to be asked. */
  readonly fresh: FreshMembers | undefined;
  /** Commits that were written for it. */
  readonly commits: number;
}

const NOTHING: Synced = { fresh: undefined, commits: 0 };

/**
 * Looks at the group anew before a retry, and puts who is new into the log ahead of it (TRS-13): what the retry decides
 * on is then in the log, however many members there are. An inventory that does not answer holds up nobody.
 */
export class MembersSync {
  constructor(
    private readonly members: MembersPort | undefined,
    private readonly clock: Clock,
    private readonly logger: EngineLogger,
    private readonly registry: Registry,
  ) {}

  /** Decides the command at its rollout; with a retry, on what was found. Rejects with the decision's refusal. */
  async order(actor: RolloutActor, envelope: CommandEnvelope<RolloutCommand>): Promise<void> {
    const { id, command, actor: by, reason, expectedRev } = envelope;
    const isExpected = expectedRev === undefined || expectedRev === actor.rev;
    const { fresh, commits } = command.type === 'retry' && isExpected ? await this.before(actor) : NOTHING;
    const why = { ...(reason === undefined ? {} : { reason }), ...(fresh === undefined ? {} : { fresh }) };
    const expected = expectedRev === undefined ? undefined : expectedRev + commits;
    await actor.submit({ type: 'command', command, actor: by, ...why }, by, commandCause(id), expected);
  }

  private async before(actor: RolloutActor): Promise<Synced> {
    if (this.members === undefined || !nextActions(actor.state).includes('retry')) return NOTHING;
    const found = await this.ask(this.members, actor);
    const fresh = withoutExcluded(found, this.registry.group(planOf(actor.state).group).state.excluded);
    if (!fresh.ok) {
      this.logger.warn({ rollout: actor.id, reason: fresh.problem }, 'a retry goes on with the members that it has');
      return { fresh, commits: 0 };
    }
    const { added } = syncOf(actor.state, fresh.members);
    const first = actor.state.targets.length;
    let commits = 0;
    for (let i = 0; i < added.length; i += CHUNK) {
      const targets = added.slice(i, i + CHUNK);
      await actor.submit({ type: 'arrival', from: first + i, targets }, EXECUTOR, 'members:retry');
      commits += 1;
    }
    return { fresh, commits };
  }

  private async ask(members: MembersPort, actor: RolloutActor): Promise<FreshMembers> {
    const plan = planOf(actor.state);
    try {
      const found = await this.bounded(members.membersOf(plan));
      // An inventory that lost everything must not empty a rollout.
      return found.length === 0
        ? noAnswer(`the inventory has no member of ${plan.group}`)
        : { ok: true, members: found };
    } catch (error) {
      return noAnswer(messageOf(error));
    }
  }

  private async bounded<T>(work: Promise<T>): Promise<T> {
    let cancel = (): void => undefined;
    const tooLong = new Promise<never>((_, reject) => {
      cancel = this.clock.schedule(MAX_WAIT_MS, () => reject(new Error('the inventory did not answer in time')));
    });
    try {
      return await Promise.race([work, tooLong]);
    } finally {
      cancel();
    }
  }
}

const noAnswer = (problem: string): FreshMembers => ({ ok: false, problem: problem.slice(0, 400) });

function withoutExcluded(fresh: FreshMembers, excluded: Readonly<Record<string, string>>): FreshMembers {
  if (!fresh.ok) return fresh;
  const members = fresh.members.map((member) =>
    Object.hasOwn(excluded, member.host) ? { ...member, unfit: 'excluded from its group' } : member,
  );
  return { ok: true, members };
}
