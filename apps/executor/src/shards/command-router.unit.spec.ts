import {
  type CommandEnvelope,
  type CommandResult,
  type RolloutCommand,
  rolloutIdOf,
  shardOfGroup,
} from '@sluice/contracts';
import { VirtualClock } from '@sluice/testing';
import { describe, expect, it } from 'vitest';

import { CommandRouter } from './command-router.js';
import type { ForwardedCommand, ShardDoor, ShardRoute } from './ports.js';

const id = rolloutIdOf('web', 'one');
const pause: CommandEnvelope<RolloutCommand> = {
  v: 1,
  id: 'key',
  target: id,
  command: { type: 'pause' },
  actor: { id: 'ana', kind: 'user' },
};
const done: CommandResult = { ok: true, target: id, state: 'paused', rev: 2, actions: ['resume'] };
const no = (code: string): CommandResult => ({ ok: false, code, message: code });

function routed(answers: readonly (CommandResult | undefined)[], door?: ShardDoor) {
  const clock = new VirtualClock();
  const sent: ForwardedCommand[] = [];
  const route: ShardRoute = {
    send: (_, forwarded) => {
      sent.push(forwarded);
      return Promise.resolve(answers[Math.min(sent.length, answers.length) - 1]);
    },
  };
  const owned = { door: () => door };
  return { clock, sent, router: new CommandRouter({ owned, route, clock, waitMs: 3_000 }) };
}

describe('commands on their way to the owner', () => {
  it('are done here when the shard is driven here', async () => {
    const door: ShardDoor = { report: () => Promise.resolve({ ok: true }), command: () => Promise.resolve(done) };
    const { router, sent } = routed([undefined], door);
    expect(await router.command(pause)).toBe(done);
    expect(sent).toEqual([]);
  });

  it('are said again, the same, until somebody owns the shard', async () => {
    const { clock, router, sent } = routed([undefined, no('NOT_OWNER'), no('NOT_READY'), no('STOPPING'), done]);
    const said = router.command(pause);
    await clock.advance(3_000);
    expect(await said).toBe(done);
    expect(sent).toHaveLength(5);
    for (const forwarded of sent) expect(forwarded).toEqual({ aggregate: 'rollout', envelope: pause });
  });

  it('end with NO_OWNER when nobody does in time', async () => {
    const { clock, router } = routed([undefined]);
    const said = router.command(pause);
    await clock.advance(10_000);
    expect(await said).toMatchObject({ ok: false, code: 'NO_OWNER', details: { shard: shardOfGroup('web') } });
  });

  it.each(['NOT_OFFERED', 'NOT_FOUND', 'BUSY', 'INTERNAL'])('come back with %s as the owner says it', async (code) => {
    const { router, sent } = routed([no(code)]);
    expect(await router.command(pause)).toMatchObject({ ok: false, code });
    expect(sent).toHaveLength(1);
  });

  it('to what is no rollout go nowhere', async () => {
    const { router, sent } = routed([done]);
    expect(await router.command({ ...pause, target: 'nonsense' })).toMatchObject({ ok: false, code: 'NOT_FOUND' });
    expect(sent).toEqual([]);
  });
});
