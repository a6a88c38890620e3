import type { AttemptStatus, RunReply, RunReport } from '@sluice/contracts';
import { type CancelTimer, type Clock, messageOf } from '@sluice/kernel';
import { legOf, type OpenAttempt, planOf } from '@sluice/rollout';

import type { RolloutActor } from '../actors/rollout-actor.js';
import { EXECUTOR } from '../actors/rollout-actor.js';
import type { AgentPort, Answered, EngineLogger } from '../ports.js';
import { attemptOf, hostOf, runCommandOf } from './run-command.js';

/** Requests to agents that are under way at once; the rest wait in order. */
const MAX_IN_FLIGHT = 512;
/** An agent that cannot be reached for so long makes its target unknown; it may only be restarting. */
const UNREACHABLE_AFTER_MS = 15_000;
const FIRST_RESEND_MS = 500;
const BUSY_RESEND_MS = 1_000;
const MAX_POLL_MS = 30_000;
const SCAN_MS = 500;

/** One attempt that the executor waits for. */
interface Watched {
  readonly actor: RolloutActor;
  readonly target: number;
  readonly n: number;
  /** Which run of the attempt: the place of its first step. */
  readonly from: number;
  /** `send`: the run has not been taken; `poll`: it has, and a report is awaited. */
  mode: 'send' | 'poll';
  due: number;
  delay: number;
  unreachableSince: number | undefined;
  waiting: boolean;
}

/**
 * Sends runs for admitted targets and asks for those whose report does not come (design 6.5). It holds no truth: what
 * it knows is rebuilt from the open attempts after a restart, and a run that is sent twice is answered from the
 * agent's journal.
 */
export class Dispatcher {
  private readonly watched = new Map<string, Watched>();
  private readonly ready: Watched[] = [];
  private next = 0;
  private inFlight = 0;
  private pumpIsDue = false;
  private cancelScan: CancelTimer | undefined;
  private stopped = false;

  constructor(
    private readonly agents: AgentPort,
    private readonly clock: Clock,
    private readonly logger: EngineLogger,
    private readonly onReport: (report: RunReport) => Promise<unknown>,
  ) {}

  /** Sends the open attempt of each target, in order. */
  send(actor: RolloutActor, targets: Iterable<number>): void {
    for (const target of targets) this.watch(actor, target, 'send');
    this.pump();
  }

  /** Attempts whose next run is the agent's: sent unless they are watched already. */
  ensure(actor: RolloutActor, targets: Iterable<number>): void {
    for (const target of targets) {
      const watched = this.watched.get(keyOf(actor, target));
      if (watched === undefined || attemptOfWatched(watched) === undefined) this.watch(actor, target, 'send');
    }
    this.pump();
  }

  /** Attempts that another owner has sent: asked for when no report comes, for that owner may be gone by then. */
  follow(actor: RolloutActor, targets: Iterable<number>): void {
    for (const target of targets) this.watch(actor, target, 'poll', planOf(actor.state).pollAfterMs);
  }

  /**
   * After a restart, and when the state was read anew: every open or unknown attempt that is not watched yet is asked
   * for; what the agent has never seen is sent again.
   */
  resume(actor: RolloutActor): void {
    const { open, unknown, attempts } = actor.state;
    for (const targets of [open.keys(), unknown.keys()]) {
      for (const target of targets)
        if (this.watched.get(keyOf(actor, target))?.n !== attempts[target]) this.watch(actor, target, 'poll');
    }
    this.pump();
  }

  stop(): void {
    this.stopped = true;
    this.cancelScan?.();
    this.watched.clear();
    this.ready.length = 0;
  }

  private watch(actor: RolloutActor, target: number, mode: Watched['mode'], delay = 0): void {
    const attempt = actor.state.open.get(target) ?? actor.state.unknown.get(target);
    if (attempt === undefined) return;
    const leg = legOf(planOf(actor.state), attempt);
    // The balancer has it.
    if (leg.place !== 'agent') return;
    const { n } = attempt;
    const item: Watched = {
      actor,
      target,
      n,
      from: leg.from,
      mode,
      due: this.clock.now() + delay,
      delay: FIRST_RESEND_MS,
      unreachableSince: undefined,
      waiting: delay === 0,
    };
    this.watched.set(keyOf(actor, target), item);
    if (item.waiting) this.ready.push(item);
    this.scanLater();
  }

  /** Keeps MAX_IN_FLIGHT requests under way. */
  private pump(): void {
    while (!this.stopped && this.inFlight < MAX_IN_FLIGHT && this.next < this.ready.length) {
      const item = this.ready[this.next];
      this.next += 1;
      if (item === undefined) continue;
      const attempt = attemptOfWatched(item);
      if (attempt !== undefined) this.ask(item, attempt);
      else item.waiting = false;
    }
    if (this.next === this.ready.length || this.next > 4_096) {
      this.ready.splice(0, this.next);
      this.next = 0;
    }
  }

  /** A rollout sends as many requests as it has targets, so each is one short chain of promises. */
  private ask(item: Watched, attempt: OpenAttempt): void {
    const { state } = item.actor;
    if (item.mode === 'send' && !state.open.has(item.target)) {
      // What has become unknown is asked for and never sent again.
      item.waiting = false;
      this.again(item, FIRST_RESEND_MS, 'poll');
      return;
    }
    this.inFlight += 1;
    const failed = (error: unknown): void => this.notAsked(item, error);
    try {
      if (item.mode === 'send') {
        const run = runCommandOf(state, item.target, attempt);
        this.agents
          .run(run)
          .then((answer) => this.runAnswered(item, answer))
          .catch(failed);
      } else {
        const query = { v: 1, attempt: attemptOf(state, item.target, attempt) } as const;
        const asked = this.agents.status(hostOf(state, item.target), query);
        asked.then((answer) => this.pollAnswered(item, answer)).catch(failed);
      }
    } catch (error) {
      failed(error);
    }
  }

  /** The request is over; what is sent next goes out together with what other answers of this turn bring. */
  private over(item: Watched): void {
    if (!item.waiting) return;
    item.waiting = false;
    this.inFlight -= 1;
    if (this.pumpIsDue || this.next >= this.ready.length) return;
    this.pumpIsDue = true;
    queueMicrotask(() => {
      this.pumpIsDue = false;
      this.pump();
    });
  }

  private notAsked(item: Watched, error: unknown): void {
    this.over(item);
    this.logger.warn(
      { rollout: item.actor.id, ...placeOf(item), reason: messageOf(error) },
      'an agent could not be asked; it is asked again',
    );
    this.again(item, item.delay * 2);
  }

  private runAnswered(item: Watched, answer: Answered<RunReply>): void {
    this.over(item);
    if (answer.kind === 'answer') this.ran(item, answer.value);
    else this.notReached(item, answer);
  }

  private pollAnswered(item: Watched, answer: Answered<AttemptStatus>): void {
    this.over(item);
    if (answer.kind === 'answer') {
      item.unreachableSince = undefined;
      this.answered(item, answer.value);
    } else {
      this.notReached(item, answer);
    }
  }

  private ran(item: Watched, reply: RunReply): void {
    item.unreachableSince = undefined;
    const pollAfter = planOf(item.actor.state).pollAfterMs;
    if (reply.ok) {
      if (reply.state === 'known') this.answered(item, reply.status);
      this.again(item, pollAfter, 'poll');
    } else if (reply.code === 'BUSY') {
      this.again(item, BUSY_RESEND_MS);
    } else {
      this.submit(item, { type: 'refused', target: item.target, n: item.n, code: reply.code, message: reply.message });
    }
  }

  private answered(item: Watched, status: AttemptStatus): void {
    if (status.state !== 'neverSeen') {
      if (isOwn(item, status.report)) void this.onReport(status.report).catch(() => undefined);
      else
        this.logger.warn(
          { rollout: item.actor.id, ...placeOf(item) },
          'an agent answered for another host or rollout; it is asked again',
        );
      this.again(item, Math.min(item.delay * 2, MAX_POLL_MS), 'poll');
    } else if (item.actor.state.open.has(item.target)) {
      this.again(item, 0, 'send');
    } else {
      this.submit(item, { type: 'neverSeen', target: item.target, n: item.n });
    }
  }

  /**
   * Nobody listens: known at once, but the agent may come back. No answer: somebody listens and may have begun, so it
   * is asked until the attempt's deadline.
   */
  private notReached(item: Watched, answer: Answered<unknown>): void {
    const now = this.clock.now();
    item.unreachableSince = answer.kind === 'unreachable' ? (item.unreachableSince ?? now) : undefined;
    const open = item.actor.state.open.has(item.target);
    if (open && item.unreachableSince !== undefined && now - item.unreachableSince >= UNREACHABLE_AFTER_MS) {
      this.submit(item, { type: 'unreachable', target: item.target, n: item.n });
    }
    this.again(
      item,
      Math.min(item.delay * 2, open ? UNREACHABLE_AFTER_MS / 3 : MAX_POLL_MS),
      answer.kind === 'noAnswer' ? 'poll' : item.mode,
    );
  }

  private submit(item: Watched, input: Parameters<RolloutActor['submit']>[0]): void {
    const { actor, target } = item;
    actor.submit(input, EXECUTOR, `agent:${hostOf(actor.state, target)}`).catch((error: unknown) => {
      this.logger.warn(
        { rollout: actor.id, ...placeOf(item), reason: messageOf(error) },
        'what an agent said could not be recorded; it is asked again',
      );
    });
  }

  private again(item: Watched, delay: number, mode: Watched['mode'] = item.mode): void {
    item.mode = mode;
    item.delay = Math.max(delay, FIRST_RESEND_MS);
    item.due = this.clock.now() + delay;
  }

  private scanLater(): void {
    if (this.cancelScan !== undefined || this.stopped || this.watched.size === 0) return;
    this.cancelScan = this.clock.schedule(SCAN_MS, () => {
      this.cancelScan = undefined;
      this.scan();
      this.scanLater();
    });
  }

  /** Forgets what has settled and asks again for what is due. Linear in the targets that are in a step, twice a second. */
  private scan(): void {
    const now = this.clock.now();
    for (const [key, item] of this.watched) {
      if (attemptOfWatched(item) === undefined) this.watched.delete(key);
      else if (!item.waiting && item.due <= now) {
        item.waiting = true;
        this.ready.push(item);
      }
    }
    this.pump();
  }
}

const keyOf = ({ id }: RolloutActor, target: number): string => `${id}/${target}`;

/** In an answer, as on its own subject, a host speaks for itself alone. */
const isOwn = ({ actor, target }: Watched, { host, rollout, target: told }: RunReport): boolean =>
  rollout === actor.id && told === target && host === hostOf(actor.state, target);

/** The attempt while it is still the target's; an unknown one is polled but never sent again. */
function attemptOfWatched({ actor, target, n, from }: Watched): OpenAttempt | undefined {
  const attempt = actor.state.open.get(target) ?? actor.state.unknown.get(target);
  if (attempt?.n !== n) return undefined;
  const leg = legOf(planOf(actor.state), attempt);
  return leg.from === from && leg.place === 'agent' ? attempt : undefined;
}

const placeOf = ({ actor, target }: Watched) => ({ host: hostOf(actor.state, target), target });
