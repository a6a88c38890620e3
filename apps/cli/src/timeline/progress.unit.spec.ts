import type { CommitView, EventView } from '@sluice/gateway';
import type { Plan } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { Screen } from '../output/screen.js';
import { Progress } from './progress.js';

const commit = (...events: object[]): CommitView => ({
  ...{ position: 1, at: 0, writer: 'exec', stream: 'x', rev: 1, commit: 'c' },
  events: events as EventView[],
});
const plan = {
  ...{ targetCount: 5, canaries: 1, batches: [[2, 2]], gates: [], approvals: { batches: 'policy' } },
  waits: { intervalMs: 0, tailIntervalMs: 0, tailFrom: 3, bakeMs: 0 },
} as unknown as Plan;

describe('progress', () => {
  it('tells the whole and the batch, and fits the screen', () => {
    const progress = new Progress();
    expect(progress.lines(80)).toEqual([]);
    progress.add(
      commit(
        { type: 'RolloutPlanned', plan },
        { type: 'StageEntered', stage: 0 },
        { type: 'TargetsAdmitted', targets: [0] },
      ),
    );
    progress.add(commit({ type: 'StepSucceeded', target: 0, step: 'verify' }));
    expect(progress.lines(68)).toEqual([
      'running            [--------------------] 0/5 done, 1 held',
      'canary (1 of 3)    [--------------------] 0/1 done, 1 held',
    ]);
    progress.add(commit({ type: 'StepSucceeded', target: 0, step: 'enable' }, { type: 'StageEntered', stage: 1 }));
    progress.add(
      commit(
        { type: 'TargetsAdmitted', targets: [1, 2] },
        { type: 'StepFailed', target: 1 },
        { type: 'RolloutBraked' },
      ),
    );
    expect(progress.lines(68)).toEqual(
      [
        'BRAKED             [####----------------] 1/5 done, 1 in a step, 1 failed',
        'batch 1 (2 of 3)   [--------------------] 0/2 done, 1 in a step, 1 failed'.slice(0, 67),
      ].map((line) => line.slice(0, 67)),
    );
    for (const line of progress.lines(30)) expect(line.length).toBeLessThan(30);
  });

  it('the foot of the screen is written over, and stays at the end', () => {
    let text = '';
    const screen = new Screen({ columns: () => 80, write: (piece) => (text += piece) });
    screen.foot(['a', 'b']);
    screen.foot(['a', 'b']);
    screen.line('one');
    screen.foot(['c']);
    screen.end();
    screen.line('two');
    const up = '\u001b[1A\u001b[2K';
    expect(text).toBe(`a\nb\n${up}${up}one\na\nb\n${up}${up}c\ntwo\n`);
  });
});
