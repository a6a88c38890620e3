import { type Appended, Invariants, type RolloutModel } from '@sluice/audit';
import {
  type CommandEnvelope,
  type CommandResult,
  type DeployRequest,
  type FreezeCommand,
  type GroupCommand,
  NEW_FREEZE,
  type Plan,
  type RolloutCommand,
  type RolloutEvent,
  type StreamName,
} from '@sluice/contracts';
import { InMemoryEventLog } from '@sluice/event-log';
import { type EngineLogger, silentLogger, type SteadyEngine } from '@sluice/executor';
import type { Clock } from '@sluice/kernel';
import { FakeFleet, type Random, seededIds, seededRandom, VirtualClock } from '@sluice/testing';

import { audited, rawOf } from './audited.js';
import { Executors } from './executors.js';
import { CrashInjector, type ServiceName, serviceOf } from './crash-plan.js';
import { APP, GROUP, hostName, MEMBER, type SimulationOptions, type TimedEvent } from './options.js';
import { ObservedLog } from './observed-log.js';
import { ListedInventory, PlannerService, type ServiceParts } from './planner-service.js';
import { ExecutorService, GateService } from './services.js';
import { groupsFor } from './groups.js';
import { FreezeWatch } from './freeze-watch.js';
import { shuffled } from './shuffled.js';
import { RampWorld } from './ramps/world.js';
import { TrafficWorld } from './traffic/world.js';
import { truthOf, watched } from './truth.js';

export { APP, GROUP, hostName, type SimulationOptions, type TimedEvent };

const RESTART_MS = 400;
const ASK_AGAIN_MS = 500;
/** Codes that ask to be said again. */
const TRANSIENT: ReadonlySet<string> = new Set(['NOT_READY', 'STOPPING', 'BUSY']);
const MAX_ASKS = 1_000;
const MAX_ERRORS = 100;

/** A whole Sluice in one process on virtual time: real planner, executor and gate, a log in memory, a fake fleet. */
export class Simulation {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly invariants: Invariants;
  readonly fleet: FakeFleet;
  readonly inventory: ListedInventory;
  /** Of a group with sides. */
  readonly world: TrafficWorld | undefined;
  /** Of variables that are ramped. */
  readonly ramps: RampWorld | undefined;
  readonly freezes: FreezeWatch;
  readonly timeline: TimedEvent[] = [];
  readonly errors: string[] = [];
  /** How far the clock of a service is off, ms. */
  readonly skew = { planner: 0, executor: 0, gate: 0 };
  readonly commits = { planner: 0, executor: 0, gate: 0 };
  private readonly store = new InMemoryEventLog();
  private readonly appended: Appended[] = [];
  private readonly log: ObservedLog;
  private readonly newId: () => string;
  crashes = 0;
  private readonly injector: CrashInjector;
  private readonly reactions: ((event: RolloutEvent, id: string) => void)[] = [];
  private commands = 0;
  private planner: PlannerService;
  readonly executors: Executors;
  gate: GateService;

  constructor(readonly options: SimulationOptions) {
    this.random = seededRandom(options.seed);
    this.injector = new CrashInjector(options.crash);
    this.newId = seededIds(this.clock, this.random.fork('ids'));
    this.log = new ObservedLog(this.store, {
      before: (stream) => this.before(stream),
      landed: (appended) => this.landed(appended),
    });
    this.inventory = new ListedInventory(groupsFor(options));
    this.fleet = this.newFleet();
    this.invariants = new Invariants(truthOf(this.fleet));
    const modelOf = (id: string): RolloutModel | undefined => this.invariants.rollouts.get(id);
    const complain = (what: string): void => this.complain(what);
    this.freezes = new FreezeWatch(modelOf, complain);
    const { traffic, ramps } = options;
    const parts = { clock: this.clock, random: this.random.fork('traffic'), modelOf, complain };
    this.world = traffic === undefined ? undefined : new TrafficWorld(parts, traffic);
    const { clock, invariants } = this;
    this.ramps = ramps === undefined ? undefined : new RampWorld({ clock, invariants, complain });
    this.planner = new PlannerService(this.parts('planner'), this.inventory);
    this.executors = new Executors(
      options.executors ?? 1,
      () => this.newExecutor(),
      this.random.fork('executors'),
      this.clock,
    );
    this.gate = this.newGate();
    this.approve();
  }

  /** Calls `react` for every event of a rollout, when it is durable. */
  on(react: (event: RolloutEvent, id: string) => void): void {
    this.reactions.push(react);
  }

  /** Publishes a request and returns its rollout; the queue hands it out again until somebody has answered. */
  async request(change: Partial<DeployRequest> = {}): Promise<string> {
    const version = change.version ?? '2.0.0';
    const request: DeployRequest = {
      app: APP,
      group: GROUP,
      version,
      ...(change.strategy === 'ramp' ? {} : { artifact: { url: `file:///${version}.tgz`, sha256: 'ab'.repeat(32) } }),
      requestedBy: { id: 'rita', kind: 'user' },
      ...change,
    };
    const outcome = await this.drive(this.insist(() => this.planner.submit(request)));
    if (outcome.rolloutId === undefined) throw new Error(`refused: ${JSON.stringify(outcome.faults)}`);
    return outcome.rolloutId;
  }

  /** Says a command and lets time pass until it is answered. */
  command(target: string, command: RolloutCommand, actor?: string, id?: string): Promise<CommandResult> {
    return this.drive(this.tell(target, command, actor, id));
  }

  /** A key for a command, as its sender makes it up. */
  nextCommand(): string {
    this.commands += 1;
    return `command-${this.commands}`;
  }

  /** Says a command from within a reaction. */
  tell(target: string, command: RolloutCommand, actor?: string, id?: string): Promise<CommandResult> {
    const envelope = this.envelope(target, command, actor, id);
    return this.say((driver) => driver.command(envelope));
  }

  groupCommand(command: GroupCommand, actor?: string): Promise<CommandResult> {
    const envelope = this.envelope(GROUP, command, actor);
    return this.drive(this.say((driver) => driver.groupCommand(envelope)));
  }

  /** Declares a freeze, or lifts the one that is named. */
  freeze(command: FreezeCommand, target = NEW_FREEZE, actor?: string): Promise<CommandResult> {
    const envelope = this.envelope(target, command, actor);
    return this.drive(this.insist(() => this.executors.ask(({ freezes }) => freezes.command(envelope))));
  }

  private envelope<C>(target: string, command: C, actor = 'olga', id = this.nextCommand()): CommandEnvelope<C> {
    return { v: 1, id, target, command, actor: { id: actor, kind: 'user' }, reason: 'simulated' };
  }

  model(id: string): RolloutModel {
    const model = this.invariants.rollouts.get(id);
    if (model === undefined) throw new Error(`${id} is not planned`);
    return model;
  }

  ended(id: string): boolean {
    const status = this.invariants.rollouts.get(id)?.status;
    return status === 'ended' || status === 'failed';
  }

  /** Lets virtual time pass until it holds; stops at the first violation. False when it did not come to hold. */
  async until(predicate: () => boolean, withinMs = 3_600_000): Promise<boolean> {
    await this.clock.runUntil(() => this.invariants.violations.length > 0 || predicate(), { withinMs });
    return predicate();
  }

  /** Everything that is wrong so far, in words. */
  faults(): string[] {
    const broken = this.invariants.violations.map(
      ({ invariant, what, event, position }) => `${invariant} at position ${position} (${event}): ${what}`,
    );
    const twice = this.fleet.counters.doneTwice().map((key) => `a step was done twice: ${key}`);
    return [...broken, ...twice, ...this.fleet.counters.unfenced().map((what) => `I2: ${what}`), ...this.errors];
  }

  /** What an auditor finds who has nothing but the bytes of the log. */
  audit = (): Promise<readonly string[]> => audited(this.store, this.appended);

  /** The log, byte for byte. */
  raw = (): ReturnType<typeof rawOf> => rawOf(this.store, this.appended);

  private parts(service: ServiceName): ServiceParts {
    const { log, clock, newId, skew } = this;
    const schedule: Clock['schedule'] = (delayMs, fire) => clock.schedule(delayMs, fire);
    return { log, newId, clock: { now: () => clock.now() + skew[service], schedule } };
  }

  private newGate(): GateService {
    // Silent is who misses a few heartbeats, however seldom they are.
    const silentAfterMs = Math.max(60_000, 3 * (this.options.helloEveryMs ?? 0));
    const options = { silentAfterMs, measurements: this.world?.metrics ?? this.ramps?.metrics };
    return new GateService(this.parts('gate'), this.logger('gate'), options);
  }

  private newFleet(): FakeFleet {
    const { hosts, times, faults, messages, helloEveryMs = 5_000 } = this.options;
    const members = Array.from({ length: hosts }, (_, i) => ({ host: hostName(i), ...MEMBER }));
    for (const { host } of members) this.inventory.listed.set(host, { host, ...MEMBER, serving: true });
    return new FakeFleet({
      clock: this.clock,
      random: this.random,
      members,
      report: (report) => this.executors.ask(({ driver }) => driver.onReport(report)),
      ...(helloEveryMs === 0 ? {} : { hello: (hello) => this.gate?.hear(hello), helloEveryMs }),
      ...(times === undefined ? {} : { times }),
      ...(faults === undefined ? {} : { faults }),
      ...(messages === undefined ? {} : { messages }),
    });
  }

  private newExecutor(): ExecutorService {
    const complain = (what: string): void => this.complain(what);
    const agents = watched(this.fleet, (id) => this.invariants.rollouts.get(id), complain);
    const members = { membersOf: (plan: Plan) => this.planner.membersOf(plan) };
    const { memory, balancer: balancers, isShuffled } = this.options;
    const ports = { agents, members, memory, balancers, traffic: this.world, hasFleets: this.ramps !== undefined };
    const parts = this.parts('executor');
    const log = isShuffled === true ? shuffled(parts.log, this.random.fork('order')) : parts.log;
    return new ExecutorService({ ...parts, log }, ports, this.logger('executor'));
  }

  private logger(service: ServiceName): EngineLogger {
    return {
      ...silentLogger,
      error: (fields, words) => void this.errors.push(`${service}: ${words} ${JSON.stringify(fields)}`),
    };
  }

  /** What is seen besides the log; a run that goes wrong says the same over and over. */
  private complain(what: string): void {
    if (this.errors.length < MAX_ERRORS) this.errors.push(what);
  }

  private before({ writer }: StreamName): boolean {
    const service = serviceOf(writer);
    if (service === undefined || !this.injector.before(service)) return true;
    this.kill(service);
    return false;
  }

  private landed(appended: Appended): void {
    const { stream, draft, head } = appended;
    this.invariants.apply(appended);
    this.freezes.landed(appended);
    this.world?.landed(appended);
    this.ramps?.landed(appended);
    if (this.options.timeline !== false) this.appended.push(appended);
    const service = serviceOf(stream.writer);
    for (const { event } of draft.events) {
      if (this.options.timeline !== false) this.timeline.push({ at: head.at, id: stream.id, event });
      if (stream.writer === 'exec') for (const react of this.reactions) react(event as RolloutEvent, stream.id);
    }
    if (service === undefined) return;
    this.commits[service] += 1;
    if (this.injector.after(service)) this.kill(service);
  }

  /** Ends every service for good. Signals that nobody aborts keep a whole world in memory. */
  close(): void {
    this.executors.killAll();
    for (const { life } of [this.planner, this.gate]) life.kill();
  }

  /** kill -9, and a new process a moment later. */
  kill(service: ServiceName): void {
    if (service === 'executor') return this.killExecutor(0);
    if (!this[service].life.kill()) return;
    this.crashes += 1;
    this.world?.trouble();
    this.ramps?.trouble();
    this.clock.schedule(RESTART_MS, () => {
      if (service === 'planner') this.planner = new PlannerService(this.parts('planner'), this.inventory);
      else this.gate = this.newGate();
    });
  }

  /** Who is dead already is not killed again: two restarts would leave a second owner that nobody knows and nothing ends. */
  killExecutor(index: number): void {
    if (!this.executors.kill(index)) return;
    this.crashes += 1;
    this.world?.trouble();
    this.ramps?.trouble();
    this.clock.schedule(RESTART_MS, () => this.executors.restart(index));
  }

  /** The log's store is put back to what it was so many commits ago (C16). `noticed`: whoever drives has to find out. */
  loseTail(count: number, { noticed }: { readonly noticed: boolean }): void {
    this.store.truncateTail(count);
    this.appended.splice(Math.max(0, this.appended.length - count));
    this.invariants.rewind(this.appended, noticed);
  }

  /** Commits that the log holds. */
  get position(): number {
    return this.appended.length;
  }

  /** The operator who approves is not the one who asked for the rollout. */
  private approve(): void {
    const { approveAfterMs } = this.options;
    if (approveAfterMs === undefined) return;
    this.on((event, id) => {
      if (event.type !== 'ApprovalRequested') return;
      const { approval, planHash } = event;
      this.clock.schedule(approveAfterMs, () => {
        void this.tell(id, { type: 'approve', approval, planHash }, 'piet');
      });
    });
  }

  private say(ask: (driver: SteadyEngine) => Promise<CommandResult>): Promise<CommandResult> {
    return this.ask(({ driver }) => ask(driver));
  }

  /** Says it to whoever happens to answer, until somebody has; time passes elsewhere. */
  ask(work: (service: ExecutorService) => Promise<CommandResult>): Promise<CommandResult> {
    return this.insist(async () => {
      const result = await this.executors.ask(work);
      if (!result.ok && TRANSIENT.has(result.code)) throw new Error(result.message);
      return result;
    });
  }

  /** Asks again with the same words until somebody answers. */
  private async insist<T>(ask: () => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await ask();
      } catch (error) {
        if (tries >= MAX_ASKS) throw error;
        await new Promise<void>((resolve) => this.clock.schedule(ASK_AGAIN_MS, resolve));
      }
    }
  }

  /** Lets time pass until the work is done; not to be used from within a reaction, where time passes already. */
  async drive<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const done = work.finally(() => {
      settled = true;
    });
    done.catch(() => undefined);
    await this.clock.runUntil(() => settled, { withinMs: 3_600_000 });
    if (!settled) throw new Error('nobody answered within an hour');
    return work;
  }
}
