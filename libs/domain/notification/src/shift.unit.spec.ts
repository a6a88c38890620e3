import { parseNotification } from '@sluice/contracts';
import { expect, it } from 'vitest';

import { isNotable, notificationOf } from './index.js';
import { SHIFT_HASH as planHash, SHIFT_ROWS } from './shift-samples.js';
import { SAMPLE_SHIFT, SECRET_URL, told } from './told-samples.js';

const shift = { ...SAMPLE_SHIFT, onFail: { errors: 'rollback', slo: 'brake' } } as const;
it.each(SHIFT_ROWS.map(([event, type, severity, text]) => ({ event, type, severity, text })))(
  'SWB-10 STR-12 of a shift of traffic it tells $event.event.type: $text',
  ({ event, type, severity, text }) => {
    const context = event.stream.writer === 'freeze' ? {} : { plan: shift, group: 'web', app: 'hello' };
    const notification = notificationOf(event, context);
    expect(isNotable(event.event)).toBe(true);
    expect(notification?.type).toBe(type);
    expect(notification?.data).toMatchObject({ severity, text, actor: { id: 'ana', kind: 'user' } });
    expect(parseNotification(JSON.parse(JSON.stringify(notification)))).toEqual(notification);
  },
);

it('never tells a secret of the plan or of a reason', () => {
  const reason = `see ${SECRET_URL}`;
  const texts = [
    told({ type: 'WeightSet', stage: 1, weights: { flip: 95, flop: 5 }, why: 'manual', reason }),
    told({ type: 'FreezeOverridden', by: 'user:bo', reason }),
    told({ type: 'RolloutFrozen', freeze: 'f-01', until: 0, words: reason }),
    told({ type: 'RolloutPlanned', plan: SAMPLE_SHIFT, planHash }, 'plan'),
  ].map((event) => JSON.stringify(notificationOf(event, { plan: shift })));
  expect(texts.filter((text) => /hunter2|token=|API_KEY/.test(text))).toEqual([]);
});
