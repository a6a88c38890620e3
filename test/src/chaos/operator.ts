import { mkdirSync, rmSync, writeFileSync } from 'node:fs';

import type { RolloutSummary } from '@sluice/demo';
import { pause } from '@sluice/demo';
import type { Random } from '@sluice/testing';

import { BOT, type SiteGroup } from '../e2e/support/site.js';
import { PatientApi } from './patient-api.js';
import type { World } from './world.js';

/** A command that the API took: the log must hold it. */
export interface Acknowledged {
  readonly key: string;
  readonly rollout: string;
  readonly command: string;
}

interface Row extends RolloutSummary {
  readonly actions?: readonly string[];
}

const TICK_MS = 250;
const TRIES = 3;
/** Nothing more happens to it by itself, nor does anybody say anything to it. */
const OVER: ReadonlySet<string> = new Set(['succeeded', 'cancelled', 'closed']);

/**
 * Rolls one group again and again, and says to its rollouts what a person would: approves, pauses, repairs hosts and
 * retries, takes back, cancels. Whatever is not answered is said again with the same key.
 */
export class Operator {
  readonly acknowledged: Acknowledged[] = [];
  readonly requested = new Set<string>();
  private readonly retries = new Map<string, number>();
  private readonly paused = new Set<string>();
  private versions = 0;
  private commands = 0;
  private readonly api: PatientApi;

  constructor(
    private readonly world: World,
    private readonly group: SiteGroup,
    private readonly random: Random,
  ) {
    this.api = new PatientApi(world.site);
  }

  /** Until the signal, and then until nothing is open any more or `giveUp` says so. */
  async run(signal: AbortSignal, giveUp: AbortSignal): Promise<void> {
    for (let isOver = false; !isOver && !giveUp.aborted; await pause(TICK_MS)) {
      const rows = await this.rows();
      if (rows !== undefined) isOver = await this.turn(rows, signal.aborted);
    }
  }

  /** True when it was the last one. */
  private async turn(rows: readonly Row[], isLast: boolean): Promise<boolean> {
    const open = rows.filter(({ state }) => !OVER.has(state));
    for (const row of open) await this.tend(row, isLast);
    if (isLast) return open.length === 0;
    // Now and then there is a next one before the last has ended, which it supersedes.
    if (open.length === 0 || this.random.chance(0.01)) await this.request();
    return false;
  }

  /** Every rollout of the group; undefined when nobody answers. */
  async rows(): Promise<readonly Row[] | undefined> {
    const page = await this.api.get<{ readonly items: readonly Row[] }>(
      `/v1/rollouts?group=${this.group.name}&limit=500`,
    );
    return page?.items;
  }

  private async request(): Promise<void> {
    this.versions += 1;
    const document = this.document();
    // Some ask on NATS, and ask again over HTTP: it stays one rollout.
    if (this.random.chance(0.5)) await this.world.site.send(document).catch(() => undefined);
    const as = { key: document.id, actor: 'service:deploy-bot' };
    const answer = await this.api.post<{ readonly rolloutId?: string }>('/v1/requests', document, as);
    if (answer?.rolloutId !== undefined) this.requested.add(answer.rolloutId);
  }

  private document() {
    const { name: group, app } = this.group;
    const version = `${this.versions}.0.0-${group}`;
    const batches = ['25%', '50%', '10%+40%+50%'][this.random.int(3)] ?? '50%';
    const kind = this.random.chance(0.4) ? { strategy: 'canary', bake: '200ms' } : { strategy: 'rolling' };
    const times = { interval: '0s', startTimeout: '4s' };
    const artifact = this.artifact(version);
    const id = `${group}-${this.versions}`;
    return { id, app, group, version, artifact, batches, ...kind, ...times, requestedBy: BOT, reason: 'chaos' };
  }

  /** Every third of them fails its verify on some hosts: those of a farm can be repaired. */
  private artifact(version: string) {
    const bad = this.versions > 1 && this.random.chance(0.3) ? this.someHosts() : [];
    const { artifacts } = this.world.site;
    if (this.group.definition === undefined && bad.length > 0) return artifacts.release(version, { failVerifyOn: bad });
    this.spoil(version, bad);
    return artifacts.release(version);
  }

  private someHosts(): readonly string[] {
    const share = this.random.next();
    const { hosts } = this.group;
    return hosts.filter((_, i) => i === 0 || this.random.chance(share));
  }

  private async tend(row: Row, isLast: boolean): Promise<void> {
    const { id, state } = row;
    switch (state) {
      case 'awaiting-approval':
        return this.approve(row);
      case 'paused':
        return this.say(id, 'resume');
      case 'braked':
      case 'failed':
        return this.mend(row, isLast);
      default:
        return isLast ? undefined : this.disturb(row);
    }
  }

  private async approve({ id, wanted, planHash }: Row): Promise<void> {
    if (wanted === undefined) return;
    if (this.random.chance(0.05)) return this.say(id, 'reject', { approval: wanted });
    await this.say(id, 'approve', { approval: wanted, planHash });
  }

  private async mend({ id, state, version }: Row, isLast: boolean): Promise<void> {
    const tries = (this.retries.get(id) ?? 0) + 1;
    this.retries.set(id, tries);
    if (tries <= TRIES && this.random.chance(0.8)) {
      this.repair(version);
      return this.say(id, 'retry');
    }
    if (!isLast && this.random.chance(0.5)) return this.say(id, 'rollback');
    return this.say(id, state === 'failed' ? 'close' : 'cancel');
  }

  /** Now and then somebody says something to a rollout that is under way. */
  private async disturb({ id, state }: Row): Promise<void> {
    if (state !== 'running') return;
    const dice = this.random.int(200);
    if (dice === 0) return this.say(id, 'rollback');
    if (dice === 1) return this.say(id, 'cancel');
    if (dice > 5 || this.paused.has(id)) return;
    this.paused.add(id);
    await this.say(id, 'pause');
  }

  private async say(id: string, command: string, body: object = {}): Promise<void> {
    this.commands += 1;
    const key = `${this.group.name}-c${this.commands}`;
    const path = `/v1/rollouts/${id}/commands/${command}`;
    const answer = await this.api.post(path, { ...body, reason: 'chaos' }, { key, actor: 'user:ana' });
    if (answer !== undefined) this.acknowledged.push({ key, rollout: id, command });
  }

  /** The version's verify fails on these hosts, until they are repaired. */
  private spoil(version: string, hosts: readonly string[]): void {
    for (const host of hosts) {
      mkdirSync(this.folder(host), { recursive: true });
      writeFileSync(`${this.folder(host)}/bad-${version}`, '');
    }
  }

  private repair(version: string): void {
    for (const host of this.group.hosts) rmSync(`${this.folder(host)}/bad-${version}`, { force: true });
  }

  private folder(host: string): string {
    return this.world.site.path('hosts', host, 'apps', this.group.app);
  }
}
