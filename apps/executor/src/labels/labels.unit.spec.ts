import { type CommandEnvelope, type LabelCommand, labelStreamId, type RolloutLabel } from '@sluice/contracts';
import { InMemoryEventLog } from '@sluice/event-log';
import { VirtualClock } from '@sluice/testing';
import { describe, expect, it } from 'vitest';

import { silentLogger } from '../ports.js';
import { Labels } from './labels.js';

const ROLLOUT = 'r07-0123456789ABCDEFGHJKMNPQRS';
const STREAM = { shard: '07', writer: 'label', id: labelStreamId(ROLLOUT) } as const;

const envelope = (
  id: string,
  label: RolloutLabel,
  more: Partial<CommandEnvelope<LabelCommand>> = {},
): CommandEnvelope<LabelCommand> => ({
  ...{ v: 1, id, target: ROLLOUT, command: { type: 'label', label }, actor: { id: 'ana', kind: 'user' } },
  ...{ reason: 'logins failed', ...more },
});

describe('labels of rollouts', () => {
  const world = (log = new InMemoryEventLog()): { readonly log: InMemoryEventLog; readonly executor: () => Labels } => {
    let made = 0;
    const executor = (): Labels =>
      new Labels({ log, clock: new VirtualClock(), newId: () => `l-${(made += 1)}`, logger: silentLogger });
    return { log, executor };
  };

  it('are written by whichever executor is asked, once for each command, in the name of who said it', async () => {
    const { log, executor } = world();
    const [one, other] = [executor(), executor()];
    expect(await one.command(envelope('c1', 'bad'))).toMatchObject({ ok: true, state: 'bad', rev: 1 });
    expect(await one.command(envelope('c1', 'bad'))).toMatchObject({ ok: true, state: 'bad', rev: 1 });
    expect(await other.command(envelope('c1', 'bad'))).toMatchObject({ ok: true, state: 'bad', rev: 1 });
    expect(await other.command(envelope('c2', 'good'))).toMatchObject({ ok: true, state: 'good', rev: 2 });
    const last = await log.last(STREAM);
    expect(last?.events).toEqual([
      { type: 'RolloutLabelled', rollout: ROLLOUT, label: 'good', reason: 'logins failed' },
    ]);
    expect(last?.meta[0]?.by).toEqual({ id: 'ana', kind: 'user' });
  });

  it('that two say at once are both written, one after the other', async () => {
    const { executor } = world();
    const [one, other] = [executor(), executor()];
    const said = await Promise.all([one.command(envelope('c1', 'bad')), other.command(envelope('c2', 'good'))]);
    expect(said.map((each) => (each.ok ? each.rev : 0)).toSorted((a, b) => a - b)).toEqual([1, 2]);
  });

  it('are refused without a reason, for no rollout, and against another revision', async () => {
    const { executor } = world();
    const labels = executor();
    const codeOf = async (...args: Parameters<typeof envelope>): Promise<string> => {
      const said = await labels.command(envelope(...args));
      return said.ok ? 'ok' : said.code;
    };
    expect(await codeOf('c1', 'bad', { reason: ' ' })).toBe('REASON_NEEDED');
    expect(await codeOf('c2', 'none')).toBe('NOT_FOUND');
    expect(await codeOf('c3', 'bad', { target: 'nothing' })).toBe('BAD_ROLLOUT_ID');
    expect(await codeOf('c4', 'bad', { expectedRev: 3 })).toBe('VERSION_CONFLICT');
    expect(await codeOf('c5', 'bad', { expectedRev: 0 })).toBe('ok');
  });
});
