import type { EventMeta, EventToAppend, RolloutEvent, StreamHead, StreamName } from '@sluice/contracts';
import { EMPTY_HEAD } from '@sluice/contracts';
import { type CommitDraft, InMemoryEventLog } from '@sluice/event-log';
import { SluiceError } from '@sluice/kernel';
import { seededIds, seededRandom, VirtualClock } from '@sluice/testing';
import { describe, expect, it } from 'vitest';

import { silentLogger } from '../ports.js';
import { StreamActor } from './stream-actor.js';

const STREAM: StreamName & { readonly writer: 'exec' } = {
  shard: '00',
  writer: 'exec',
  id: 'r00-00000000000000000000000000',
};
const metaOf = (cause: string): EventMeta => ({ by: { id: 'ana', kind: 'user' }, cause, corr: 'q' });
const skip = (target: number): RolloutEvent => ({ type: 'SkipOrdered', target });

/** A state that is the list of its events; inputs are the events to decide, and the course adds what `course` says. */
class Rig {
  readonly clock = new VirtualClock();
  readonly log = new InMemoryEventLog();
  readonly committed: { readonly events: number; readonly state: number; readonly settled: boolean }[] = [];
  renewed = 0;
  unavailableReads = 0;
  readonly known = new Set<string>();
  readonly actor: StreamActor<RolloutEvent[], readonly RolloutEvent[], RolloutEvent>;

  constructor(course?: (state: readonly RolloutEvent[]) => readonly RolloutEvent[]) {
    const deps = {
      log: this.log,
      clock: this.clock,
      newId: seededIds(this.clock, seededRandom('actor')),
      logger: silentLogger,
    };
    this.actor = new StreamActor<RolloutEvent[], readonly RolloutEvent[], RolloutEvent>(STREAM, {
      state: [],
      behaviour: {
        decide: (state, input) => (input.length === 0 ? (course?.(state) ?? []) : input),
        evolve: (state, event) => [...state, event],
        course: [],
      },
      deps,
      hooks: {
        committed: (events, settled) => {
          for (const { meta } of events) this.known.add(meta.cause);
          this.committed.push({ events: events.length, state: this.actor.state.length, settled });
        },
        knows: (cause) => this.known.has(cause),
        renewed: () => void (this.renewed += 1),
        reload: () => this.read(),
      },
    });
  }

  async read(): Promise<{ readonly state: RolloutEvent[]; readonly head: StreamHead }> {
    if (this.unavailableReads > 0) {
      this.unavailableReads -= 1;
      throw new SluiceError('LOG_UNAVAILABLE', 'planted');
    }
    const state: RolloutEvent[] = [];
    let head = EMPTY_HEAD;
    for await (const commit of this.log.read(STREAM)) {
      state.push(...commit.events);
      for (const { cause } of commit.meta) this.known.add(cause);
      head = commit.head;
    }
    return { state, head };
  }

  /** Another owner of the stream writes. */
  async other(events: readonly RolloutEvent[], cause: string): Promise<void> {
    const { head } = await this.read();
    const toAppend: EventToAppend[] = events.map((event) => ({ event, meta: metaOf(cause) }));
    const draft: CommitDraft = { id: `other${head.rev}`.padEnd(26, '0'), at: this.clock.now(), events: toAppend };
    await this.log.append(STREAM, head, draft);
  }

  say(events: readonly RolloutEvent[], cause: string, expectedRev?: number): Promise<readonly RolloutEvent[]> {
    return this.actor.submit(events, metaOf(cause), expectedRev).then((outcome) => outcome.events);
  }

  async count(): Promise<number> {
    return (await this.read()).state.length;
  }
}

describe('one aggregate and its stream', () => {
  it('has one effect of a command that is said again while its first saying is not durable yet', async () => {
    const rig = new Rig();
    const said = [rig.say([skip(1)], 'command:1'), rig.say([skip(1)], 'command:1'), rig.say([skip(2)], 'command:2')];
    expect(await Promise.all(said)).toEqual([[skip(1)], [], [skip(2)]]);
    expect(await rig.count()).toBe(2);
  });

  it('has one effect of a command that another owner has taken meanwhile', async () => {
    const rig = new Rig();
    await rig.say([skip(0)], 'command:0', 0);
    await rig.other([skip(1)], 'command:1');
    expect(await rig.say([skip(1)], 'command:1', 1)).toEqual([]);
    expect(await rig.count()).toBe(2);
    expect(rig.renewed).toBe(1);
  });

  it('answers a command whose first commit landed and whose second met another owner: it has had its effect', async () => {
    const course = (state: readonly RolloutEvent[]): readonly RolloutEvent[] =>
      state.length < 600 ? Array.from({ length: 300 }, (_, i) => skip(100 + i)) : [];
    const rig = new Rig(course);
    const append = rig.log.append.bind(rig.log);
    let appends = 0;
    rig.log.append = async (...args) => {
      appends += 1;
      if (appends === 2) await rig.other([skip(9)], 'report:9');
      return append(...args);
    };
    await rig.say([skip(1)], 'command:1');
    const effects = (await rig.read()).state.filter((event) => event.type === 'SkipOrdered' && event.target === 1);
    expect(effects).toHaveLength(1);
    expect(rig.actor.state.length).toBe(await rig.count());
    expect(rig.committed[0]).toMatchObject({ settled: false });
    expect(rig.committed.at(-1)).toMatchObject({ settled: true, state: await rig.count() });
  });

  it('says when its state is ahead of the log, and not once the log has it', async () => {
    const rig = new Rig();
    const append = rig.log.append.bind(rig.log);
    const seen: boolean[] = [];
    rig.log.append = (...args) => {
      seen.push(rig.actor.isAhead);
      return append(...args);
    };
    await rig.say([skip(1)], 'report:1');
    expect([...seen, rig.actor.isAhead]).toEqual([true, false]);
  });

  it('waits for a log that cannot be read, and loses no input', async () => {
    const rig = new Rig();
    await rig.other([skip(0)], 'report:0');
    rig.unavailableReads = 3;
    const said = rig.say([skip(1)], 'report:1');
    await rig.clock.advance(60_000);
    expect(await said).toEqual([skip(1)]);
    expect(await rig.count()).toBe(2);
  });

  it('fills commits by what the lists of targets take, so that many large decisions fit', async () => {
    const rig = new Rig();
    const every = (from: number): number[] => Array.from({ length: 50_000 }, (_, i) => 2 * i + from);
    const retry: RolloutEvent = { type: 'RetryOrdered', redo: every(0), probe: every(1) };
    await Promise.all(Array.from({ length: 40 }, (_, i) => rig.say([retry], `report:${i}`)));
    expect(await rig.count()).toBe(40);
  });

  it.each(['\u754c', '\u0001', 'x'])('fills commits by what their text takes: failures that say %j', async (letter) => {
    const rig = new Rig();
    const host = letter.repeat(200);
    const failed = (target: number): RolloutEvent => ({
      type: 'StepFailed',
      target,
      step: 'verify',
      n: 1,
      ms: 1,
      code: 'VERIFY_FAILED',
      message: letter.repeat(400),
      serving: false,
    });
    const said = Array.from({ length: 900 }, (_, i) => rig.say([failed(i)], `${host}${i}`));
    await Promise.all(said);
    expect(await rig.count()).toBe(900);
  });
});
