import {
  type DomainEvent,
  type EventMeta,
  rosterStreamId,
  shardOfGroup,
  type VariableEvent,
  type VariableSpec,
  variableStreamId,
} from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { Invariants } from '../invariants.js';

const FLEET = 'backend';
const MINUTE = 60_000;
const START = 1_767_225_600_000;
const spec: VariableSpec = {
  ...{ name: 'docker', type: 'string', from: 'A', to: 'B', salt: '' },
  schedule: { kind: 'linear', durationMs: 10 * MINUTE },
  limits: { login: { maxPercent: 50 }, web: { pace: { changes: 2, windowMs: MINUTE } } },
};
const said: EventMeta = { by: { id: 'olga', kind: 'user' }, cause: 'command:c', corr: 'c' };
const byTime: EventMeta = { by: { id: 'executor', kind: 'service' }, cause: 'timer:ramp', corr: 'ramp' };
const byGate: EventMeta = { ...said, by: { id: 'health-gate', kind: 'service' } };

/** A log of one fleet: ten hosts of access (0 to 9), four of login (10 to 13), ten of web (14 to 23). */
class History {
  readonly invariants = new Invariants();
  private readonly revs = new Map<string, number>();
  private commands = 0;
  private position = 0;
  private at = START;

  constructor() {
    const names = (role: string, n: number) => Array.from({ length: n }, (_, i) => `${role}-${i}`);
    this.hosts(
      { type: 'HostsJoined', role: 'access', from: 0, names: names('access', 10) },
      { type: 'HostsJoined', role: 'login', from: 10, names: names('login', 4) },
      { type: 'HostsJoined', role: 'web', from: 14, names: names('web', 10) },
    );
    // Later than all who came: limits hold to the host.
    this.after(30 * MINUTE).say({ type: 'VariableDefined', version: 1, spec, reason: 'r' });
    this.say({ type: 'RampStarted', activeMs: 0, reason: 'r' });
  }

  after(ms: number): this {
    this.at += ms;
    return this;
  }

  hosts(...events: readonly DomainEvent[]): this {
    return this.append(rosterStreamId(FLEET), events, this.command());
  }

  say(event: VariableEvent, meta = this.command()): this {
    return this.append(variableStreamId(FLEET, 'docker'), [event], meta);
  }

  flip(side: 'from' | 'to', ...hosts: readonly number[]): this {
    return this.say({ type: 'ValuesAssigned', hosts, side, rule: 'ramp' }, byTime);
  }

  /** The first flips of the ramp, as its line asks at a tenth of it. */
  begun(): this {
    return this.after(MINUTE).flip('to', 0, 14);
  }

  codes(): readonly string[] {
    return [...new Set(this.invariants.violations.map(({ invariant }) => invariant))];
  }

  words(): string {
    return this.invariants.violations.map(({ what }) => what).join('\n');
  }

  private command(): EventMeta {
    this.commands += 1;
    return { ...said, cause: `command:c${this.commands}` };
  }

  private append(id: string, events: readonly DomainEvent[], meta: EventMeta): this {
    const stream = { shard: shardOfGroup(FLEET), writer: 'variable', id } as const;
    const rev = (this.revs.get(id) ?? 0) + 1;
    this.revs.set(id, rev);
    this.position += 1;
    const { at, position } = this;
    const draft = { id: `c-${position}`, at, events: events.map((event) => ({ event, meta })) };
    this.invariants.apply({ stream, draft, head: { rev, hash: '', position, at } });
    return this;
  }
}

const stopped = { type: 'RampStopped', activeMs: MINUTE } as const;
const breach = { kind: 'breach', words: 'restarts 3% > 1%', numbers: { value: 3 } } as const;

describe('variables as an outsider reads them', () => {
  it('I8 has nothing to say of a ramp that goes as it should', () => {
    const history = new History().begun();
    history.say({ type: 'RampPaused', activeMs: MINUTE, reason: 'r' }).after(MINUTE);
    history.say({ type: 'RampResumed', activeMs: MINUTE, reason: 'r' });
    history.say({ type: 'HostsPinned', hosts: [5], value: 'C', reason: 'r' });
    history
      .after(MINUTE)
      .flip('to', 1, 15)
      .say({ ...stopped, activeMs: 2 * MINUTE, cause: breach }, byGate);
    history.say({ type: 'HostsUnpinned', hosts: [5], reason: 'r' });
    history.say({ type: 'VariableReverted', count: 4, reason: 'r' });
    expect([history.codes(), history.words()]).toEqual([[], '']);
  });

  it.each<readonly [what: string, code: string, history: (history: History) => History]>([
    [
      'a flip while it is paused',
      'I8',
      (h) => h.say({ type: 'RampPaused', activeMs: MINUTE, reason: 'r' }).flip('to', 1),
    ],
    [
      'a flip behind a breach',
      'I8',
      (h) =>
        h
          .say({ ...stopped, cause: breach }, byGate)
          .after(MINUTE)
          .flip('to', 1),
    ],
    ['a host that goes back while it ramps', 'I8', (h) => h.flip('from', 0)],
    ['a flip of who has it already', 'I8', (h) => h.flip('to', 0)],
    ['a flip of nobody that was ever heard of', 'I8', (h) => h.flip('to', 99)],
    [
      'a flip of who left',
      'I8',
      (h) =>
        h
          .hosts({ type: 'HostsLeft', hosts: [3] })
          .after(10 * MINUTE)
          .flip('to', 3),
    ],
    [
      'a flip of who is pinned',
      'I8',
      (h) =>
        h
          .say({ type: 'HostsPinned', hosts: [1], value: 'C', reason: 'r' })
          .after(MINUTE)
          .flip('to', 1),
    ],
    ['a number that is given twice', 'I8', (h) => h.hosts({ type: 'HostsJoined', role: 'web', from: 3, names: ['x'] })],
    [
      'a release that nobody gave',
      'TSU-18',
      (h) => h.say({ type: 'RampReversed', activeMs: MINUTE, reason: 'r' }, byTime),
    ],
    ['a breach that a person says', 'TSU-10', (h) => h.say({ ...stopped, cause: breach })],
    ['more than the limit', 'TSU-09', (h) => h.after(8 * MINUTE).flip('to', 10, 11, 12)],
    ['ahead of the line', 'TSU-07', (h) => h.flip('to', 1, 2)],
    [
      'newcomers that get the latest',
      'TSU-07',
      (h) => {
        h.hosts({ type: 'HostsJoined', role: 'access', from: 24, names: ['new-1', 'new-2', 'new-3'] });
        return h.say({ type: 'ValuesAssigned', hosts: [24, 25, 26], side: 'to', rule: 'join' }, byTime);
      },
    ],
    ['somebody who is left behind', 'TSU-07', (h) => h.after(3 * MINUTE).flip('to', 15)],
    ['more than the pace', 'TSU-13', (h) => h.after(2 * MINUTE).flip('to', 15, 16, 17)],
    ['paused time that counts', 'TSU-02', (h) => h.say({ type: 'RampPaused', activeMs: 5 * MINUTE, reason: 'r' })],
    [
      'an end before its time',
      'TSU-02',
      (h) => h.say({ type: 'RampFinished', side: 'to', counts: { from: 22, to: 2, pinned: 0 } }, byTime),
    ],
    [
      'another ramp in mid-ramp',
      'TSU-01',
      (h) => h.say({ type: 'VariableDefined', version: 2, spec: { ...spec, to: 'C' }, reason: 'r' }),
    ],
    ['a version that is left out', 'TSU-01', (h) => h.say({ type: 'VariableDefined', version: 3, spec, reason: 'r' })],
    [
      'a freeze that is overridden by nobody',
      'I6',
      (h) => {
        h.say({ type: 'RampPaused', activeMs: MINUTE, reason: 'r' });
        return h.say({ type: 'RampResumed', activeMs: MINUTE, reason: 'r', spite: { freezes: ['f'], by: 'olga' } });
      },
    ],
    [
      'a checkpoint that lacks a host',
      'I10',
      (h) => {
        const { version, phase, direction, activeMs, since } = {
          version: 1,
          phase: 'ramping',
          direction: 1,
          activeMs: 0,
          since: START,
        } as const;
        return h.say(
          {
            type: 'VariableCheckpointed',
            version,
            spec,
            phase,
            direction,
            activeMs,
            since,
            hosts: [0],
            pins: [],
            paces: [],
          },
          byTime,
        );
      },
    ],
    [
      'a roster that is said otherwise',
      'I10',
      (h) =>
        h.hosts({
          type: 'RosterCheckpointed',
          part: 1,
          parts: 1,
          roles: ['web'],
          from: 0,
          names: ['access-0'],
          places: [0],
        }),
    ],
  ])('notices %s (%s)', (_, code, then) => {
    expect(then(new History().begun()).codes()).toContain(code);
  });

  it('says nothing of a fleet whose roster is not whole', () => {
    const history = new History();
    history.invariants.distrust(rosterStreamId(FLEET));
    expect(history.begun().flip('to', 99).codes()).toEqual([]);
  });
});
