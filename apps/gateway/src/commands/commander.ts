import {
  type CommandEnvelope,
  type DependencyCommand,
  type FreezeCommand,
  type HoldCommand,
  type GroupCommand,
  type InventoryCommand,
  isRolloutId,
  type LabelCommand,
  type RolloutCommand,
  type TemplateCommand,
  type VariableCommand,
  variableTarget,
  shardOfGroup,
  shardOfId,
} from '@sluice/contracts';

import type { Exchange, Reply } from '../http/exchange.js';
import { actorOf, etagOf, expectedRevOf, idempotencyKey } from '../http/headers.js';
import { noRollout } from '../http/lookup.js';
import type { RolloutIndex } from '../read-model/rollout-index.js';
import type { Accepted, CommandClient } from './command-client.js';

/** What a command did: the state it led to, its rev (also the ETag), and what is offered now. */
export type Done = Omit<Accepted, 'ok'>;

interface Said<C> {
  readonly target: string;
  readonly command: C;
  readonly reason?: string | undefined;
  readonly request: Exchange;
}

/** Turns what HTTP says into command envelopes: actor, reason, idempotency key, expected rev (design 9). */
export class Commander {
  constructor(
    private readonly client: CommandClient,
    private readonly rollouts: RolloutIndex,
    private readonly newId: () => string,
  ) {}

  async rollout(said: Said<RolloutCommand>, reply: Reply): Promise<Done> {
    const shard = isRolloutId(said.target) ? shardOfId(said.target) : undefined;
    if (shard === undefined) throw noRollout(said.target);
    const offered = (): readonly string[] | undefined => this.actionsOf(said.target);
    return this.done(await this.client.sendToOwner(shard, 'rollout', this.envelope(said), offered), reply);
  }

  async group(said: Said<GroupCommand>, reply: Reply): Promise<Done> {
    return this.done(await this.client.sendToOwner(shardOfGroup(said.target), 'group', this.envelope(said)), reply);
  }

  async dependency(said: Said<DependencyCommand>, reply: Reply): Promise<Done> {
    return this.done(await this.client.send('dependency', this.envelope(said)), reply);
  }

  async freeze(said: Said<FreezeCommand>, reply: Reply): Promise<Done> {
    return this.done(await this.client.send('freeze', this.envelope(said)), reply);
  }

  async hold(said: Said<HoldCommand>, reply: Reply): Promise<Done> {
    return this.done(await this.client.send('hold', this.envelope(said)), reply);
  }

  async label(said: Said<LabelCommand>, reply: Reply): Promise<Done> {
    return this.done(await this.client.send('label', this.envelope(said)), reply);
  }

  async inventory(said: Said<InventoryCommand | TemplateCommand>, reply: Reply): Promise<Done> {
    return this.done(await this.client.send('inventory', this.envelope(said)), reply);
  }

  async variable(
    { fleet, name, ...said }: Omit<Said<VariableCommand>, 'target'> & { readonly fleet: string; readonly name: string },
    reply: Reply,
  ): Promise<Done> {
    const envelope = this.envelope({ ...said, target: variableTarget(fleet, name) });
    return this.done(await this.client.sendToOwner(shardOfGroup(fleet), 'variable', envelope), reply);
  }

  private actionsOf(id: string): readonly string[] | undefined {
    const entry = this.rollouts.entry(id);
    return entry === undefined ? undefined : this.rollouts.summary(entry).actions;
  }

  private envelope<C>({ target, command, reason, request }: Said<C>): CommandEnvelope<C> {
    const expectedRev = expectedRevOf(request);
    return {
      v: 1,
      id: idempotencyKey(request, this.newId),
      target,
      command,
      actor: actorOf(request),
      ...(reason === undefined ? {} : { reason }),
      ...(expectedRev === undefined ? {} : { expectedRev }),
    };
  }

  private done({ target, state, rev, actions }: Accepted, reply: Reply): Done {
    reply.header('etag', etagOf(rev));
    return { target, state, rev, actions };
  }
}
