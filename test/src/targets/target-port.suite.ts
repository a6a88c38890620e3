import {
  type ArtifactRef,
  attemptId,
  rolloutIdOf,
  type RunCommand,
  type RunReport,
  specHashOf,
  type StepName,
} from '@sluice/contracts';
import type { AgentPort } from '@sluice/executor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

export const APP = 'hello';
export const GROUP = 'hello-web';

/** An adapter of the target port, with one host behind it that has the app. */
export interface TargetsUnderTest {
  readonly port: AgentPort;
  readonly host: string;
  /** That the host can fetch. */
  readonly artifact: ArtifactRef;
  /** What the host has reported so far. */
  readonly reports: readonly RunReport[];
  /** Lets the time of the adapter pass until that has happened; fails after a bound. */
  until<T>(what: Promise<T>): Promise<T>;
  untilReported(isIt: (report: RunReport) => boolean): Promise<RunReport>;
  close(): Promise<void>;
}

const STEPS: readonly StepName[] = ['drain', 'download', 'install', 'verify', 'enable'];

interface Wish {
  readonly host: string;
  readonly artifact: ArtifactRef;
  readonly seed: string;
  readonly token?: number;
  readonly version?: string;
}

/** Scripts that succeed at once: what is tested is the way to a target, not how one installs. */
function runOf({ host, artifact, seed, token = 1, version = '2.0.0' }: Wish): RunCommand {
  const script = ['true'];
  const steps = { drain: script, download: script, install: script, verify: script, enable: script, probe: script };
  const spec = {
    app: APP,
    group: GROUP,
    version,
    artifact,
    profile: { kind: 'exec', steps, stepTimeoutMs: 60_000 },
    verify: { path: '/health', status: 200, successes: 1, intervalMs: 10, timeoutMs: 60_000 },
    ignoreVerify: false,
    drainWindowMs: 1,
  } as const;
  const rollout = rolloutIdOf(GROUP, seed);
  const attempt = attemptId(rollout, host, 'drain', 1);
  const hash = specHashOf(spec, STEPS);
  return { v: 1, attempt, rollout, host, target: 0, kind: 'roll', n: 1, token, steps: STEPS, spec, specHash: hash };
}

/** What every way to targets must do, whatever stands behind it (TAR-46). */
export function describeTargets(name: string, make: () => Promise<TargetsUnderTest>): void {
  describe(`TAR-46 the target port: ${name}`, () => {
    let made: TargetsUnderTest;
    beforeAll(async () => {
      made = await make();
    });
    afterAll(() => made.close());
    const sample = (seed: string, more: Partial<Wish> = {}) =>
      runOf({ host: made.host, artifact: made.artifact, seed, ...more });
    const run = (command: RunCommand) => made.until(made.port.run(command));
    const statusOf = ({ host, attempt }: RunCommand) => made.until(made.port.status(host, { v: 1, attempt }));
    const ended = ({ attempt }: RunCommand) =>
      made.untilReported((report) => report.final && report.attempt === attempt);

    it('tells at once that nobody listens for a host', async () => {
      const command = { ...sample('nowhere'), host: 'nowhere' };
      expect(await run(command)).toEqual({ kind: 'unreachable' });
      expect(await statusOf(command)).toEqual({ kind: 'unreachable' });
    });

    it('has never seen an attempt that was not sent', async () => {
      const answer = await statusOf(sample('unsent'));
      expect(answer).toEqual({ kind: 'answer', value: { state: 'neverSeen' } });
    });

    it('accepts a run, does its steps in order, reports the end, and remembers it', async () => {
      const command = sample('first');
      expect(await run(command)).toEqual({ kind: 'answer', value: { ok: true, state: 'accepted' } });
      const { rollout, attempt, target } = command;
      const report = await ended(command);
      expect(report).toMatchObject({ host: made.host, rollout, attempt, target, n: 1, token: 1 });
      expect(report.steps.map(({ step, ok }) => [step, ok])).toEqual(STEPS.map((step) => [step, true]));
      expect(await statusOf(command)).toMatchObject({ kind: 'answer', value: { state: 'ended', report: { attempt } } });
    });

    it('does a run that is sent again once', async () => {
      const command = sample('twice');
      await run(command);
      const again = await run(command);
      expect(again).toMatchObject({ kind: 'answer', value: { ok: true, state: 'known' } });
      await ended(command);
      expect(await run(command)).toMatchObject({
        kind: 'answer',
        value: { state: 'known', status: { state: 'ended' } },
      });
      expect((await ended(command)).steps).toHaveLength(STEPS.length);
    });

    it('refuses another spec under the same attempt', async () => {
      const command = sample('changed');
      await run(command);
      await ended(command);
      const other = await run(sample('changed', { version: '3.0.0' }));
      expect(other).toMatchObject({ kind: 'answer', value: { ok: false, code: 'SPEC_CHANGED' } });
    });

    it('refuses a lower fencing token than the target has seen', async () => {
      const command = sample('higher', { token: 9 });
      await run(command);
      await ended(command);
      const stale = await run(sample('lower', { token: 8 }));
      expect(stale).toMatchObject({ kind: 'answer', value: { ok: false, code: 'FENCED' } });
    });
  });
}
