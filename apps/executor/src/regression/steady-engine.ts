import type {
  CommandEnvelope,
  CommandResult,
  GroupCommand,
  ReportAnswer,
  RolloutCommand,
  RunReport,
} from '@sluice/contracts';
import type { LogPlace } from '@sluice/event-log';
import { isSluiceError, messageOf, SluiceError } from '@sluice/kernel';
import type { LogLoss } from '@sluice/rollout';

import { ExecutorEngine } from '../engine.js';
import { type EngineLogger, type ExecutorDeps, silentLogger } from '../ports.js';
import type { LogMemory } from './log-memory.js';

export interface SteadyDeps extends ExecutorDeps {
  /** Where the process before this one was; without it a loss is only noticed while the process lives. */
  readonly memory?: LogMemory;
  /** Called once when it cannot go on: the process is to end. */
  readonly onFatal?: (error: SluiceError) => void;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;
/** Nothing that the next try would get over: the log is gone, or holds what Sluice did not write. */
const FATAL: ReadonlySet<string> = new Set(['LOG_MISSING', 'BAD_COMMIT', 'INVARIANT_BROKEN']);

/**
 * The engine over a log that may fail (design 4, ADR 0007). When the log lost its tail, all that was folded is thrown
 * away and folded anew, and every open rollout is braked with that cause before anything else is decided. When it is
 * gone, the engine stops for good and says so. Any other fault of the follow is tried again.
 */
export class SteadyEngine {
  private engine: ExecutorEngine;
  private stopped = false;
  private loss: LogLoss | undefined;
  private readonly logger: EngineLogger;

  constructor(private readonly deps: SteadyDeps) {
    this.logger = deps.logger ?? silentLogger;
    this.engine = this.make(deps.memory?.placeFor(deps.shards));
  }

  /** Resolves when it drives its rollouts. Rejects when the log cannot be followed for another reason than a loss. */
  async start(): Promise<void> {
    for (let begun = false; !begun;) begun = await this.begin();
  }

  get isLive(): boolean {
    return this.engine.isLive;
  }

  onReport(report: RunReport): Promise<ReportAnswer> {
    return this.engine.onReport(report);
  }

  command(envelope: CommandEnvelope<RolloutCommand>): Promise<CommandResult> {
    return this.engine.command(envelope);
  }

  groupCommand(envelope: CommandEnvelope<GroupCommand>): Promise<CommandResult> {
    return this.engine.groupCommand(envelope);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.engine.stop();
  }

  async stopInPeace(): Promise<void> {
    this.stopped = true;
    await this.engine.stopInPeace();
  }

  /** True when it is live; false when a loss was found first. */
  private async begin(): Promise<boolean> {
    const { engine } = this;
    try {
      await engine.start();
    } catch (error) {
      if (this.stopped) throw error;
      const fault = truly(error);
      if (isFatal(fault)) this.giveUp(fault);
      if (!isSluiceError(fault, 'LOG_REGRESSED')) throw fault;
      await this.afterLoss(fault);
      return false;
    }
    void engine.ended.then((error) => this.ended(error));
    if (this.loss !== undefined) void engine.braked.then(() => this.allBraked(engine));
    return true;
  }

  private async allBraked(engine: ExecutorEngine): Promise<void> {
    if (engine !== this.engine) return;
    this.loss = undefined;
    await this.deps.memory?.braked(this);
  }

  private async ended(fault: unknown): Promise<void> {
    if (this.stopped || fault === undefined) return;
    const error = truly(fault);
    if (isFatal(error)) return this.giveUp(error);
    if (isSluiceError(error, 'LOG_REGRESSED')) await this.afterLoss(error);
    else {
      this.logger.warn({ reason: messageOf(error) }, 'the log cannot be followed; it is folded anew');
      await this.afterFault();
    }
    await this.startAgain();
  }

  private async startAgain(): Promise<void> {
    for (let pause = FIRST_PAUSE_MS; !this.stopped; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        return await this.start();
      } catch (error) {
        if (this.stopped || isFatal(error)) return;
        this.logger.warn({ reason: messageOf(error), retryMs: pause }, 'the log cannot be followed; trying again');
        await new Promise<void>((resolve) => this.deps.clock.schedule(pause, resolve));
        await this.afterFault();
      }
    }
  }

  /** Nothing of the old state may be decided on: not even one more answer is given from it. */
  private async afterLoss(error: SluiceError): Promise<void> {
    this.loss = lossOf(error);
    this.logger.warn({ ...this.loss }, 'the log lost its tail: every open rollout is braked, and nothing is repaired');
    this.deps.memory?.lost(this);
    await this.renew();
  }

  /** A brake that was not durable yet is still to come. */
  private async afterFault(): Promise<void> {
    await this.renew();
  }

  private async renew(): Promise<void> {
    const before = this.engine;
    this.engine = this.make();
    await before.stop();
  }

  private giveUp(error: SluiceError): void {
    this.logger.error({ code: error.code, reason: error.message }, 'the log is gone; this executor stops for good');
    this.deps.onFatal?.(error);
  }

  private make(after?: LogPlace): ExecutorEngine {
    const { memory, onFatal: _, ...deps } = this.deps;
    const { loss } = this;
    return new ExecutorEngine({
      ...deps,
      ...(loss === undefined ? {} : { loss }),
      ...(after === undefined ? {} : { after }),
      ...(memory === undefined ? {} : { saw: (place) => memory.saw(place) }),
    });
  }
}

function lossOf({ details }: SluiceError): LogLoss {
  const { seen, position } = details as Partial<LogLoss>;
  return { seen: seen ?? 0, position: position ?? 0 };
}

const isFatal = (error: unknown): error is SluiceError => isSluiceError(error) && FATAL.has(error.code);

/** A log that lost everything is no shorter log, it is another one. */
const truly = (error: unknown): unknown =>
  isSluiceError(error, 'LOG_REGRESSED') && lossOf(error).position === 0 ? emptied(error) : error;

/** Nothing is left: somebody has made a new log in the place of the one that this installation had. */
const emptied = (error: SluiceError): SluiceError =>
  new SluiceError(
    'LOG_MISSING',
    `the log is empty, but position ${lossOf(error).seen} was read from it before: restore it from a backup. To begin anew on purpose, remove the file executor-place.json in the data folder of each executor`,
    { ...lossOf(error) },
  );
