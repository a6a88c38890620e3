import {
  type AttemptStatus,
  attemptId,
  specHashOf,
  type RefusalCode,
  type RunCommand,
  type RunReply,
  type RunReport,
  STEP_CHAIN,
  type StepName,
} from '@sluice/contracts';

import { isSafeVersion } from '../app/release-store.js';
import type { AppConfig } from '../app/app-host.js';
import { type Attempt, type JournalState, tokenOf } from '../journal/records.js';

/** What decides whether a run starts. */
export interface AdmissionView {
  readonly host: string;
  readonly apps: ReadonlyMap<string, AppConfig>;
  readonly journal: JournalState;
  /** The attempt that works on an app now. */
  readonly busyWith: (app: string) => string | undefined;
}

export interface Refusal {
  readonly ok: false;
  readonly code: RefusalCode;
  readonly message: string;
}

export type Admission = { readonly kind: 'start' } | { readonly kind: 'answer'; readonly reply: RunReply };

const refuse = (code: RefusalCode, message: string): Refusal => ({ ok: false, code, message });

/** A run starts only when nothing speaks against it; an attempt that is in the journal never starts again. */
export function admit(view: AdmissionView, run: RunCommand): Admission {
  const refusal = faultOfAddress(view, run) ?? faultOfSpec(run) ?? faultOfSteps(run);
  if (refusal !== undefined) return { kind: 'answer', reply: refusal };
  const known = view.journal.attempts.get(run.attempt);
  if (known !== undefined) return { kind: 'answer', reply: replyToKnown(known, run) };
  const later = faultOfToken(view, run) ?? faultOfNumber(view, run) ?? faultOfRest(view, run);
  return later === undefined ? { kind: 'start' } : { kind: 'answer', reply: later };
}

function faultOfAddress({ host, apps }: AdmissionView, run: RunCommand): Refusal | undefined {
  if (run.host !== host)
    return refuse('WRONG_HOST', `this is ${host}, not ${run.host}: send the run to that host's agent`);
  const { app, group } = run.spec;
  const config = apps.get(app);
  if (config === undefined) return refuse('BAD_RUN', `this agent does not run app ${app}: add it to its configuration`);
  if (config.group !== group)
    return refuse(
      'BAD_RUN',
      `${app} belongs to the group ${config.group} on this host, not to ${group}: check the inventory`,
    );
  return undefined;
}

function faultOfSpec(run: RunCommand): Refusal | undefined {
  if (specHashOf(run.spec, run.steps) !== run.specHash)
    return refuse(
      'SPEC_CHANGED',
      'specHash is not the hash of this spec and these steps: send them as they were planned',
    );
  const expected = attemptId(run.rollout, run.host, run.steps[0] ?? 'drain', run.n);
  if (run.attempt !== expected)
    return refuse('BAD_RUN', `the attempt must be called ${expected}, after its rollout, host, first step and number`);
  return undefined;
}

/** TAR-20, TAR-21: the steps of a run are in the order of the chain, each once; the download may come before the drain. */
function faultOfSteps({ kind, steps }: RunCommand): Refusal | undefined {
  if (kind !== 'roll') {
    return steps.length === 1 && steps[0] === kind
      ? undefined
      : refuse('BAD_RUN', `a run of kind ${kind} has the one step ${kind}`);
  }
  return isInOrder(steps, CHAIN) || isInOrder(steps, PREFETCHED)
    ? undefined
    : refuse('BAD_RUN', `the steps must be in the order ${CHAIN.join(', ')}, each at most once`);
}

const CHAIN: readonly StepName[] = STEP_CHAIN;
const PREFETCHED: readonly StepName[] = ['download', 'drain', 'install', 'verify', 'enable'];

function isInOrder(steps: readonly StepName[], chain: readonly StepName[]): boolean {
  const places = steps.map((step) => chain.indexOf(step));
  return places.every((place, i) => place > (places[i - 1] ?? -1));
}

function replyToKnown(known: Attempt, run: RunCommand): RunReply {
  if (known.run.specHash !== run.specHash)
    return refuse('SPEC_CHANGED', 'this attempt was accepted with another spec: a changed spec needs a new attempt');
  return { ok: true, state: 'known', status: statusOf(known) };
}

function faultOfToken({ journal }: AdmissionView, run: RunCommand): Refusal | undefined {
  const { app, group } = run.spec;
  const seen = tokenOf(journal, app, group);
  if (run.token >= seen) return undefined;
  return refuse('FENCED', `a newer rollout owns ${group}: its token ${seen} was seen, this run has ${run.token}`);
}

/** An attempt that was stuck on its way: its target has been given another one since, which may have done all of it. */
function faultOfNumber({ journal }: AdmissionView, run: RunCommand): Refusal | undefined {
  const { app } = run.spec;
  let newest = 0;
  for (const known of journal.attempts.values())
    if (known.run.rollout === run.rollout && known.run.spec.app === app) newest = Math.max(newest, known.run.n);
  if (run.n >= newest) return undefined;
  return refuse('FENCED', `attempt ${run.n} comes too late: attempt ${newest} of the same target was accepted`);
}

function faultOfRest({ apps, busyWith }: AdmissionView, run: RunCommand): Refusal | undefined {
  const { app, version } = run.spec;
  if (!isSafeVersion(version))
    return refuse(
      'BAD_RUN',
      'the version must be letters, digits and . _ + ~ - and begin with a letter or digit: it names a folder',
    );
  const fault = faultOfProfile(apps.get(app)?.port, run);
  if (fault !== undefined) return refuse('BAD_RUN', fault);
  const busy = busyWith(app);
  return busy === undefined ? undefined : refuse('BUSY', `${busy} works on ${app} now: wait until it ended`);
}

/** What a profile lacks on this host. The agent itself is asked over NATS: it needs no port. */
function faultOfProfile(configured: number | undefined, { spec, steps }: RunCommand): string | undefined {
  const { app, profile, verify } = spec;
  if (profile.kind === 'exec')
    return steps.includes('install') && profile.steps.install === undefined
      ? 'an exec profile needs a script for install: add profile.steps.install to the request'
      : undefined;
  return profile.self !== true && (verify.port ?? configured) === undefined
    ? `the agent knows no port of ${app}: add it to its configuration`
    : undefined;
}

export function statusOf(attempt: Attempt | undefined): AttemptStatus {
  if (attempt === undefined) return { state: 'neverSeen' };
  if (attempt.ended) return { state: 'ended', report: reportOf(attempt) };
  return { state: 'running', step: attempt.step ?? attempt.run.steps[0] ?? 'drain', report: reportOf(attempt) };
}

/** What is known of an attempt; final once it ended. */
export function reportOf({ run, steps, ended }: Attempt): RunReport {
  const { host, rollout, attempt, target, kind, n, token } = run;
  return { v: 1, host, rollout, attempt, target, kind, n, token, final: ended, steps: [...steps] };
}
