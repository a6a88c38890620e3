import { type Clock, isSluiceError, messageOf } from '@sluice/kernel';
import type { Log } from '@sluice/messaging';

import type { GroupSync, Synced } from '../engine/ports.js';
import { type Definition, readGroup } from '../inventory/definition.js';
import type { InventoryStore } from '../inventory/store.js';
import { keptHowTo } from './how-to.js';
import type { CmdbAnswer, CmdbSource } from './port.js';

const TRIES = 3;
const FIRST_PAUSE_MS = 200;
/** No further try later than that: a CMDB that swallows questions is waited for once, not three times. */
const RETRY_WITHIN_MS = 1_000;
/** What was fetched so short a time ago, by whichever planner, is the answer to this question too. */
const REUSE_MS = 1_000;
/** After all tries of one question failed, no other is asked for so long: a dead CMDB must not slow every request down. */
const REST_MS = 5_000;
const MAX_SHOWN = 3;

export interface CmdbSyncDeps {
  readonly source: CmdbSource;
  readonly store: InventoryStore;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Fetches groups from a CMDB into the inventory, each group once at a time: whoever asks meanwhile gets the result of
 * the same question (TAR-42). Planners of other processes each ask at most once at a time; what one of them has stored
 * answers the others for a second.
 */
export class CmdbSync implements GroupSync {
  readonly #flying = new Map<string, Promise<Synced>>();
  #rest: { readonly until: number; readonly trouble: string } | undefined;

  constructor(private readonly deps: CmdbSyncDeps) {}

  sync(group: string): Promise<Synced> {
    const flying = this.#flying.get(group);
    if (flying !== undefined) return flying;
    const started = this.#sync(group).finally(() => this.#flying.delete(group));
    this.#flying.set(group, started);
    return started;
  }

  async #sync(group: string): Promise<Synced> {
    const { store, clock, log } = this.deps;
    const now = clock.now();
    const told = await store.group(group);
    const known = told?.source === 'cmdb' ? told : undefined;
    if (known !== undefined && Math.abs(now - known.fetchedAt) < REUSE_MS) return {};
    if (this.#rest !== undefined && now < this.#rest.until) return { trouble: this.#rest.trouble };
    try {
      return await this.#take(group, await this.#ask(group, known?.etag));
    } catch (error) {
      const trouble = messageOf(error);
      log.warn({ group, reason: trouble }, 'the CMDB could not be asked; what is known of the group stays');
      if (isSluiceError(error, 'CMDB_UNAVAILABLE')) this.#rest = { until: clock.now() + REST_MS, trouble };
      return { trouble };
    }
  }

  async #ask(group: string, etag: string | undefined): Promise<CmdbAnswer> {
    const { source, clock } = this.deps;
    const from = clock.now();
    for (let tries = 1; ; tries += 1) {
      try {
        return await source.fetch(group, etag);
      } catch (error) {
        const isLast = tries >= TRIES || clock.now() - from >= RETRY_WITHIN_MS;
        if (isLast || !isSluiceError(error, 'CMDB_UNAVAILABLE')) throw error;
        await new Promise<void>((resolve) => void clock.schedule(FIRST_PAUSE_MS * 2 ** (tries - 1), resolve));
      }
    }
  }

  async #take(group: string, answer: CmdbAnswer): Promise<Synced> {
    const { store, clock } = this.deps;
    const known = await store.group(group);
    if (answer.kind === 'unknown')
      return known?.source === 'cmdb' ? { trouble: `the CMDB does not know the group "${group}" any more` } : {};
    if (answer.kind === 'unchanged') {
      store.confirm(group, clock.now());
      return {};
    }
    const read = definitionOf(group, answer);
    if (typeof read === 'string') return { trouble: read };
    const { applied, version } = store.define('cmdb', keptHowTo(known?.entry, read), 'replace', clock.now());
    if (applied) return {};
    return { trouble: `the CMDB answered with version ${read.version}, older than the ${version} that it told before` };
  }
}

/** The definition, or what is wrong with it. */
function definitionOf(
  group: string,
  { document, etag }: Extract<CmdbAnswer, { kind: 'document' }>,
): Definition | string {
  const read = readGroup(document, '');
  if (!read.ok) {
    const words = read.faults.slice(0, MAX_SHOWN).map(({ path, message }) => `${path} ${message}`);
    return `what the CMDB says of "${group}" cannot be used: ${words.join('; ')}`;
  }
  const [definition] = read.definitions;
  if (definition?.group.name !== group) return `the CMDB answered "${group}" with another group`;
  return { ...definition, ...(etag === undefined ? {} : { etag }) };
}
