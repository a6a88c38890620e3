import { parseNotification } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { isNotable, notificationOf } from './index.js';
import { RAMP_ROWS, SAMPLE_RAMP, SAMPLE_SPEC } from './ramp-samples.js';
import { SECRET_URL, told } from './told-samples.js';

describe('what is told of a ramp', () => {
  it.each(RAMP_ROWS)('TSU-16 $event.type: $text', ({ event, type, severity, text }) => {
    const writer = event.type === 'RolloutPlanned' ? 'plan' : event.type === 'GateJudged' ? 'gate' : 'exec';
    const notification = notificationOf(told(event, writer), { plan: SAMPLE_RAMP });
    expect(isNotable(event)).toBe(true);
    expect(notification?.type).toBe(type);
    expect(notification?.data).toMatchObject({ severity, text });
    expect(parseNotification(JSON.parse(JSON.stringify(notification)))).toEqual(notification);
  });

  it('how far it is on its way is no news, and without its plan nothing is told', () => {
    const event = { type: 'RampSeen', phase: 'ramping', to: 50, hosts: 1_000 } as const;
    expect(notificationOf(told(event), { plan: SAMPLE_RAMP })).toBeUndefined();
    expect(notificationOf(told({ ...event, phase: 'stopped' }), {})).toBeUndefined();
  });

  it('never tells a secret of a value or of words', () => {
    const ramp = { fleet: 'backend', spec: { ...SAMPLE_SPEC, to: SECRET_URL, from: SECRET_URL } };
    const seen = { type: 'RampSeen', phase: 'stopped', to: 1, hosts: 2, words: SECRET_URL } as const;
    const texts = [{ type: 'RolloutStarted', token: 1 } as const, seen].map((event) =>
      JSON.stringify(notificationOf(told(event), { plan: { ...SAMPLE_RAMP, ramp } })),
    );
    expect(texts.filter((text) => /hunter2|token=/.test(text))).toEqual([]);
  });
});
