import { expect, it } from 'vitest';

import { Progress } from './progress.js';
import { SHIFT_END, SHIFT_PLAN, SHIFT_STORY } from './shift.suite.js';
import { renderTimeline } from './timeline.js';

it('SWB-10 STR-12 tells a shift of traffic: stages by name, weights, who moved them, freezes, the way back', () => {
  expect(renderTimeline(SHIFT_STORY)).toMatchInlineSnapshot(`
    [
      " +00:00.0  planner       planned search 3.1.0 in search: traffic from flip to flop by 5, 100 percent; flop first gets 25 percent of what flip has; each weight is watched for 1m; smoke tests at 0, 5; approval before 100; flip is retired 30s after 100; plan cdcdcdcdcdcd, requested by ana",
      " +00:00.1  executor      started with lease token 4; a rollback puts all traffic back on flip in one publish",
      " +00:00.1  executor      pre-scale begins",
      " +00:00.2  executor      pre-scale: the side may take 10m until it is ready",
      " +00:00.2  executor      side flip: index 100 of 100 ready, web 100 of 100 ready",
      " +00:00.2  executor      side flop: index 0 of 0 ready, web 0 of 0 ready",
      " +00:00.2  executor      side flop is to have index 25",
      " +00:01.0  executor      side flop: index 3 of 25 ready, web 3 of 25 ready",
      " +00:03.0  executor      side flop: index 25 of 25 ready, web 25 of 25 ready",
      " +00:03.0  executor      weight 5 begins",
      " +00:03.0  executor      traffic is to be flip 95 %, flop 5 %",
      " +00:03.1  executor      traffic is flip 95 %, flop 5 % (weights version 7)",
      " +00:03.1  executor      weight 5 is watched for 1m",
      " +00:04.0  executor      gate errors in the middle of weight 5: pass: 0 of 1 > 1",
      " +00:05.0  executor      FROZEN until 2026-01-01T00:01:00Z: holidays",
      " +00:06.0  bo            goes on in spite of the freezes that hold now, in the name of user:bo: repairs the outage",
      " +00:07.0  bo            traffic set by hand to flip 75 %, flop 25 %: graphs are flat",
      " +00:08.0  executor      freeze f-1 holds it no longer",
      " +00:09.0  bo            BACK in one publish: flip 100 %, flop 0 %: orders fail",
      " +00:09.0  bo            settles: rollback: orders fail",
      " +00:09.1  executor      traffic is flip 100 %, flop 0 % (weights version 8)",
      " +00:09.1  executor      CANCELLED (rollback): all traffic on flip, flop dark",
    ]
  `);
});

it('tells how the old side is retired', () => {
  expect(renderTimeline(SHIFT_END, SHIFT_PLAN)).toMatchInlineSnapshot(`
    [
      " +00:00.0  executor      retire waits 30s for requests under way",
      " +00:30.0  executor      side flip is to be retired: from here on nothing leads back to it",
      " +00:31.0  executor      side flip is retired",
      " +00:31.0  executor      SUCCEEDED: all traffic on flop, flip retired",
    ]
  `);
});

it('SWB-10 the foot of a screen shows the share of the new side, the stage and a freeze', () => {
  const progress = new Progress();
  const foots = SHIFT_STORY.map((commit) => {
    progress.add(commit);
    return progress.lines(80);
  });
  expect(foots[1]).toEqual(['running            [--------------------------------] flip 100 %, flop 0 %', 'pre-scale']);
  expect(foots[8]).toEqual(['running, FROZEN    [#-------------------------------] flip 95 %, flop 5 %', 'weight 5']);
  expect(foots[9]?.[0]).toMatch(/^running  /);
  expect(foots.at(-1)?.[0]).toMatch(/^cancelled .*flip 100 %/);
});
