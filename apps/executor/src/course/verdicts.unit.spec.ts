import type { GateJudged, RolloutEvent } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { VerdictBuffer } from './verdicts.js';

const ID = 'r06-0123456789ABCDEFGHJKMNPQRS';

const judged = (verdict: GateJudged['verdict'], more: Partial<GateJudged> = {}): GateJudged => ({
  ...{ type: 'GateJudged', stage: 0, round: 1, gate: 'errors', inputs: {}, policyHash: 'p' },
  words: `it is ${verdict}`,
  verdict,
  ...more,
});

const recorded = ({ stage, round, gate, verdict, words, phase }: GateJudged): RolloutEvent => ({
  type: 'GateRecorded',
  ...{ stage, round, gate, verdict, words },
  ...(phase === undefined ? {} : { phase }),
});

describe('verdicts that are read while the log is folded', () => {
  it('are told when the rollout has not recorded them, and not once more when it has', () => {
    const verdicts = new VerdictBuffer();
    verdicts.add(ID, judged('inconclusive'));
    verdicts.recorded(ID, recorded(judged('inconclusive', { phase: 'during' })));
    verdicts.add(ID, judged('error', { gate: 'logins' }));
    verdicts.recorded(ID, recorded(judged('inconclusive')));
    expect(verdicts.take(ID)).toEqual([judged('error', { gate: 'logins' })]);
  });

  it('are the last ones of each gate, and what came after a record is told', () => {
    const verdicts = new VerdictBuffer();
    verdicts.add(ID, judged('inconclusive'));
    verdicts.recorded(ID, recorded(judged('inconclusive')));
    verdicts.add(ID, judged('inconclusive', { words: 'no data still' }));
    verdicts.add(ID, judged('pass'));
    expect(verdicts.take(ID)).toEqual([judged('pass')]);
    expect(verdicts.take(ID)).toEqual([]);
  });
});
