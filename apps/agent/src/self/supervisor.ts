import { type ChildProcess, spawn } from 'node:child_process';

import { type Clock, messageOf } from '@sluice/kernel';
import type { RunningService } from '@sluice/messaging';
import type { Logger } from '@sluice/observability';

import { sleep } from '../time/waiting.js';
import { readSelf, type SelfRelease, type SelfState, writeSelf } from './own-release.js';

/** What a supervised agent ends with when another one is to take its place (EX_TEMPFAIL). */
export const HANDOVER_EXIT = 75;

const TRIAL_CRASHES = 3;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 30_000;
/** An agent that lived so long crashed for another reason than the one before it. */
const STEADY_MS = 60_000;
/** From SIGTERM to SIGKILL; the agent itself stops within 30 s. */
const STOP_GRACE_MS = 40_000;

/** An agent's program. */
export interface Program {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd?: string;
}

export interface SupervisorDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly dataDir: string;
  /** The agent that was installed with the supervisor. */
  readonly installed: Program;
  /** Absolute; the last argument of every agent but for `--supervised`. */
  readonly configFile: string;
}

/** How an agent's process ended; `overdue`: it was ended because its trial took too long. */
interface End {
  readonly overdue: boolean;
  readonly code: number | null;
  readonly words: string;
}

/**
 * Runs one agent at a time: the one that `self.json` names. An agent that ends is started again, after growing waits;
 * one on trial that crashes three times, or does not confirm in time, makes room for the one before it.
 */
export function startSupervisor(deps: SupervisorDeps): RunningService {
  const stopping = new AbortController();
  const supervisor = new Supervisor(deps, stopping.signal);
  const running = supervisor.run();
  return {
    name: 'agent supervisor',
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

class Supervisor {
  private crashes = 0;

  constructor(
    private readonly deps: SupervisorDeps,
    private readonly stopping: AbortSignal,
  ) {}

  async run(): Promise<void> {
    while (!this.stopping.aborted) {
      try {
        await this.runOne();
      } catch (error) {
        this.crashes += 1;
        this.deps.logger.error({ reason: messageOf(error) }, 'the agent could not be run');
      }
      if (this.crashes > 0) await sleep(this.deps.clock, this.wait(), this.stopping);
    }
  }

  private wait(): number {
    return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(this.crashes, 10));
  }

  private async runOne(): Promise<void> {
    const { dataDir, clock, logger } = this.deps;
    const state = await readSelf(dataDir);
    const from = clock.now();
    const child = this.launch(state.current);
    const end = await this.endOf(child, state);
    if (this.stopping.aborted) return;
    if (end.code === HANDOVER_EXIT && changed(state, await readSelf(dataDir))) {
      this.crashes = 0;
      return;
    }
    this.crashes = clock.now() - from > STEADY_MS ? 1 : this.crashes + 1;
    const words = end.overdue ? 'did not prove itself in time' : `ended with ${end.words}`;
    logger.warn({ version: state.current?.version ?? 'installed', reason: words }, 'the agent ended');
    await this.judgeTrial(state, { overdue: end.overdue, words });
  }

  /** An agent that was confirmed meanwhile is on trial no more, whatever becomes of it. */
  private async judgeTrial(
    before: SelfState,
    how: { readonly overdue: boolean; readonly words: string },
  ): Promise<void> {
    const { dataDir, logger } = this.deps;
    const { current, trial } = await readSelf(dataDir);
    if (trial === undefined || current === null || changed(before, { v: 1, current })) return;
    if (!how.overdue && this.crashes < TRIAL_CRASHES) return;
    const words = `the agent ${current.version} ${how.words}: the one before it runs again`;
    logger.error({ attempt: current.attempt }, words);
    await writeSelf(dataDir, { v: 1, current: trial.previous, failed: { attempt: current.attempt, words } });
    this.crashes = 0;
  }

  private launch(release: SelfRelease | null): ChildProcess {
    const { program, args, cwd } = release === null ? this.deps.installed : programOf(release);
    const all = [...args, this.deps.configFile, '--supervised'];
    this.deps.logger.info({ version: release?.version ?? 'installed' }, 'the agent starts');
    // The channel tells the agent when its supervisor dies, so that never two of them work side by side.
    return spawn(program, all, {
      ...(cwd === undefined ? {} : { cwd }),
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  }

  private async endOf(child: ChildProcess, { trial }: SelfState): Promise<End> {
    const ended = new Promise<End>((resolve) => {
      child.once('error', (error) => resolve({ overdue: false, code: null, words: error.message }));
      child.once('exit', (code, signal) => resolve({ overdue: false, code, words: signal ?? `code ${code ?? '?'}` }));
    });
    const watch = { overdue: false };
    const stop = (): void => void this.stop(child, ended);
    this.stopping.addEventListener('abort', stop, { once: true });
    if (this.stopping.aborted) stop();
    const cancel =
      trial === undefined
        ? undefined
        : this.deps.clock.schedule(trial.confirmWithinMs, () => void this.judgeTime(child, ended, watch));
    const end = await ended;
    cancel?.();
    this.stopping.removeEventListener('abort', stop);
    return { ...end, overdue: watch.overdue };
  }

  /** The time of a trial is over. A file that cannot be read confirms nothing. */
  private async judgeTime(child: ChildProcess, ended: Promise<End>, watch: { overdue: boolean }): Promise<void> {
    const state = await readSelf(this.deps.dataDir).catch(() => undefined);
    if (state !== undefined && state.trial === undefined) return;
    watch.overdue = true;
    await this.stop(child, ended);
  }

  private async stop(child: ChildProcess, ended: Promise<End>): Promise<void> {
    child.kill('SIGTERM');
    const cancel = this.deps.clock.schedule(STOP_GRACE_MS, () => child.kill('SIGKILL'));
    await ended;
    cancel();
  }
}

const changed = (before: SelfState, after: SelfState): boolean => before.current?.attempt !== after.current?.attempt;

function programOf({ command, folder }: SelfRelease): Program {
  const [program = '', ...args] = command;
  return { program: program === 'node' ? process.execPath : program, args, cwd: folder };
}
