import { desiredStateOf, evolveFleet, evolveVariable, type Fleet, initialFleet } from '@sluice/variable';
import { describe, expect, it } from 'vitest';

import { answerOf, Answers } from './answers.js';

const HOSTS = 500;
const NAMES = Array.from({ length: 12 }, (_, i) => `service_${i}`);
const hostName = (i: number): string => `host-${i}`;

/** Each host has the new value of others of the variables. */
function fleetOf(): Fleet {
  const fleet = initialFleet();
  const names = Array.from({ length: HOSTS }, (_, i) => hostName(i));
  evolveFleet(fleet, { type: 'HostsJoined', role: 'web', from: 0, names });
  const schedule = { kind: 'linear', durationMs: 1_000 } as const;
  for (const [v, name] of NAMES.entries()) {
    const spec = { name, type: 'string', from: 'ä', to: `"2" ${v}`, schedule, limits: {}, salt: '' } as const;
    evolveVariable(fleet, name, { type: 'VariableDefined', version: 1, spec, reason: 'a test' }, 0);
    const hosts = names.map((_, i) => i).filter((i) => ((i >> (v % 9)) ^ v) & 1);
    evolveVariable(fleet, name, { type: 'ValuesAssigned', hosts, side: 'to', rule: 'ramp' }, 0);
  }
  return fleet;
}

const answersOf = (fleet: Fleet): Answers => {
  const answers = new Answers();
  answers.prepare([...fleet.variables.values()]);
  return answers;
};

describe('the answers of a fleet', () => {
  it('TSU-05 are what each host is to have, with an ETag that follows from the values alone', () => {
    const fleet = fleetOf();
    const answers = answersOf(fleet);
    const etags = new Map<string, string>();
    for (let slot = 0; slot < HOSTS; slot += 1) {
      const { body, etag, full } = answers.of(slot);
      const wanted = desiredStateOf(fleet, hostName(slot)) ?? {};
      expect(JSON.parse(body)).toEqual(wanted);
      expect(full[full.indexOf('content-length') + 1]).toBe(String(Buffer.byteLength(body)));
      expect([answers.etagOf(slot), answerOf(wanted).etag]).toEqual([etag, etag]);
      expect(etags.get(etag) ?? body).toBe(body);
      etags.set(etag, body);
    }
    expect(etags.size).toBe(new Set(etags.values()).size);
    expect(etags.size).toBeGreaterThan(200);
  });

  it('of a host that is pinned are as if it had been given the value', () => {
    const fleet = fleetOf();
    const answers = answersOf(fleet);
    const [name = ''] = NAMES;
    const variable = fleet.variables.get(name);
    if (variable === undefined) throw new Error('it was defined');
    const before = [0, 1].map((slot) => answers.etagOf(slot));
    const pin = (value: string): void => {
      evolveVariable(fleet, name, { type: 'HostsPinned', hosts: [0, 1], value, reason: 'a test' }, 1);
      answers.update(variable, [0, 1]);
    };
    pin('third');
    expect([0, 1].map((slot) => answers.etagOf(slot))).not.toEqual(before);
    expect(JSON.parse(answers.of(1).body)).toEqual(desiredStateOf(fleet, hostName(1)));
    evolveVariable(fleet, name, { type: 'HostsUnpinned', hosts: [0, 1], reason: 'a test' }, 2);
    answers.update(variable, [0, 1]);
    expect([0, 1].map((slot) => answers.etagOf(slot))).toEqual(before);
  });
});
