import { describe, expect, it } from 'vitest';

import { encodeRunCommand } from '../agent-protocol.js';
import { parseRunCommand } from '../schemas/messages.js';
import { SAMPLE_RUN } from '../schemas/message-samples.js';
import { EVENT_SAMPLES } from './event-samples.js';
import { encodeEvent, eventText } from './events.js';

const meta = { by: { id: 'h"1', kind: 'agent' }, cause: 'a\nb', corr: 'ü' };

describe('texts that are written in one go', () => {
  it.each(Object.values(EVENT_SAMPLES).flat())('an event $type has the bytes of its JSON', (event) => {
    expect(eventText(event, undefined)).toBe(JSON.stringify(encodeEvent(event)));
    expect(eventText(event, meta)).toBe(JSON.stringify({ ...encodeEvent(event), ...meta }));
    expect(eventText(event, {})).toBe(JSON.stringify(encodeEvent(event)));
  });

  it('a run is the JSON of its command, however often its spec was written before', () => {
    const named = { ...SAMPLE_RUN, host: 'h"ü' };
    const shorter = { ...SAMPLE_RUN, steps: ['enable'], specHash: 'f'.repeat(64) } as const;
    for (const run of [SAMPLE_RUN, named, shorter, SAMPLE_RUN]) {
      expect(JSON.parse(new TextDecoder().decode(encodeRunCommand(run)))).toEqual(run);
      expect(parseRunCommand(encodeRunCommand(run))).toEqual(run);
    }
  });
});
