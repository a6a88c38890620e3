import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import {
  type CommandEnvelope,
  type CommandResult,
  type RolloutCommand,
  type RunCommand,
  type Shard,
  SUBJECTS,
} from '@sluice/contracts';
import { invariant } from '@sluice/kernel';
import { connectNats, requestJson } from '@sluice/messaging';
import { newUlid } from '@sluice/observability';

import { type Prepared, serveBench } from '../child.js';
import { Fleet } from '../fleet.js';
import { type BrakeFleetOrder, type BrakeTimes, PACED } from './brake.js';

const TICK_MS = 1;
/** How often a publish of the fleet's own is timed under load, ms. */
const UNIT_MS = 20;
/** As long as a commit that brakes. */
const UNIT = new Uint8Array(1_000).fill(32);
const IDLE_UNITS = 200;
const COMMAND_MS = 10_000;

/** Hosts that report at a steady rate, whatever waits; every so often one says that its verify has failed. */
async function startFleet(order: BrakeFleetOrder): Promise<Prepared<BrakeTimes, BrakeTimes>> {
  const nats = await connectNats({ servers: order.servers, name: 'bench-fleet' });
  const idle: number[] = [];
  for (let i = 0; i < IDLE_UNITS; i += 1) idle.push(await publishTime(nats, order.shard));
  const paced = new PacedFleet(nats, order);
  await nats.flush();
  const run = async (): Promise<BrakeTimes> => {
    const publishing: Promise<number>[] = [];
    const units = setInterval(() => publishing.push(publishTime(nats, order.shard)), UNIT_MS);
    const started = performance.now();
    const brakes = await paced.run();
    clearInterval(units);
    const perSecond = (paced.reported * 1_000) / (performance.now() - started);
    return { idle, loaded: await Promise.all(publishing), brakes, perSecond };
  };
  return { run, check: (times) => times, stop: () => nats.close() };
}

/** One durable publish into the log, from its sending to its acknowledgement, ms. */
async function publishTime(nats: NatsConnection, shard: Shard): Promise<number> {
  const start = performance.now();
  await jetstream(nats).publish(SUBJECTS.log({ shard, writer: 'notice', id: 'bench' }), UNIT);
  return performance.now() - start;
}

/** The hosts, and the operator who takes each deciding failure on, so that the rollout goes on to the next. */
class PacedFleet {
  reported = 0;
  private readonly fleet: Fleet;
  private readonly waiting: RunCommand[] = [];
  private readonly brakes: number[] = [];
  /** Reports until the next failure; none while the rollout is braked. */
  private untilFailure: number;

  constructor(
    private readonly nats: NatsConnection,
    private readonly order: BrakeFleetOrder,
  ) {
    this.untilFailure = order.every;
    this.fleet = new Fleet(nats, (run) => {
      if (run.host.startsWith(PACED)) this.waiting.push(run);
      else this.fleet.report(run);
    });
  }

  /** Resolves with the time of each brake, ms: from the sending of the deciding report to the answer, which comes when it is durable. */
  run(): Promise<readonly number[]> {
    return new Promise((resolve, reject) => {
      let [start, sent] = [performance.now(), 0];
      const ticks = setInterval(() => {
        const due = Math.floor(((performance.now() - start) * this.order.perSecond) / 1_000);
        while (sent < due && this.reported < this.waiting.length) {
          this.next(reject);
          sent += 1;
        }
        // The fleet had nothing to say: that is not made up for.
        if (sent < due) [start, sent] = [performance.now(), 0];
        if (this.brakes.length < this.order.brakes && this.reported < this.order.enough) return;
        clearInterval(ticks);
        resolve(this.brakes);
      }, TICK_MS);
    });
  }

  private next(onError: (error: unknown) => void): void {
    const run = this.waiting[this.reported];
    this.reported += 1;
    if (run === undefined) return;
    this.untilFailure -= 1;
    if (this.untilFailure !== 0) return this.fleet.report(run);
    this.fleet.report(run, true, (ms) => {
      this.brakes.push(ms);
      if (this.brakes.length < this.order.brakes) this.release(run.rollout).catch(onError);
    });
  }

  private async release(rollout: string): Promise<void> {
    const envelope: CommandEnvelope<RolloutCommand> = {
      v: 1,
      id: newUlid(),
      target: rollout,
      command: { type: 'override', extraFailures: 1 },
      actor: { id: 'bench', kind: 'user' },
      reason: 'benchmark',
    };
    const options = { timeoutMs: COMMAND_MS };
    const answer = await requestJson<CommandResult>(this.nats, SUBJECTS.command('rollout'), envelope, options);
    const released = answer.kind === 'answer' && answer.value.ok && answer.value.state === 'running';
    invariant(released, 'an override releases the brake', { answer });
    this.untilFailure = this.order.every;
  }
}

await serveBench(startFleet);
