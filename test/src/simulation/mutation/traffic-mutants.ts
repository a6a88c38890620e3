import { type Mutant, of, type Patch } from './mutant.js';

const SHOWS = ['shift', 'traffic', 'shiftCrash', 'chaos'] as const;

const rollout = (file: string, ...patches: readonly Patch[]): Mutant[] => of('@sluice/rollout', file, patches, SHOWS);
const executor = (file: string, ...patches: readonly Patch[]): Mutant[] => of('@sluice/executor', file, patches, SHOWS);

/** Rules of shifts of traffic, of freezes, and of gates that watch. */
export const TRAFFIC_MUTANTS: readonly Mutant[] = [
  ...rollout('traffic/back.js', [
    'weights-not-given-back',
    'what ends without success gives all traffic back (SWB-01)',
    'if (weightSet(shift, traffic) === 0 && !doubted)',
    'if (true)',
  ]),
  ...rollout(
    'traffic/course.js',
    [
      'dwell-ignored',
      'traffic dwells at each weight (SWB-02)',
      'if (now < dwellUntil || !isPassed(state, stage))',
      'if (!isPassed(state, stage))',
    ],
    ['publish-not-awaited', 'a weight is in force before its stage goes on', 'if (pending)', 'if (false)'],
    ['retire-before-drain', 'the old side has its drain window (STR-03, SWB-07)', 'if (now >= until)', 'if (true)'],
    [
      'weight-order-ignored',
      'a stage raises the weight (SWB-02)',
      'if (!moved && weightSet(shift, traffic) < part.weight)',
      'if (!moved)',
    ],
  ),
  ...rollout(
    'traffic/readiness.js',
    [
      'one-service-is-enough',
      'all services of the side are ready (SWB-16)',
      'return shift.services.flatMap(',
      'return shift.services.slice(0, 1).flatMap(',
    ],
    ['created-is-enough', 'created and ready, both (SWB-04)', 'if (ready !== desired)', 'if (false)'],
    [
      'pre-scale-forgotten',
      'the new side has its share before its first request (SWB-11)',
      'shift.preScalePercent * desiredOf(old, service)',
      '0 * desiredOf(old, service)',
    ],
  ),
  ...rollout(
    'traffic/work.js',
    [
      'published-while-braked',
      'what was decided before a brake does not grow under it (I6)',
      'return goesOn(state) || byHand ? weights : undefined;',
      'return weights;',
    ],
    ['published-twice', 'the weights that were set are those that are published (I9)', "why === 'back' ||", 'false &&'],
  ),
  ...rollout('traffic/weight.js', [
    'raised-while-frozen',
    'nobody raises a weight under a freeze (I6)',
    'if (isFrozen(state))',
    'if (false)',
  ]),
  ...rollout('decide/advance.js', [
    'frozen-check-dropped',
    'nothing begins under a freeze (I6)',
    'if (isFrozen(state))',
    'if (false)',
  ]),
  ...rollout('decide/enter.js', [
    'entry-gates-ignored',
    'a stage is entered through the gates of its entry',
    "gates.every((gate) => phase === 'entry' && asked && passed.has(gate))",
    'true',
  ]),
  ...rollout('state.js', [
    'hotfix-for-ever',
    'a hotfix goes on in spite of the freezes that hold now, and no later one',
    '.some((freeze) => !overridden.has(freeze))',
    '.some(() => overridden.size === 0)',
  ]),
  ...rollout('budget.js', [
    'gate-brakes-nothing',
    'a gate that fails brakes',
    'if (stage.failedGate === undefined)',
    'if (true)',
  ]),
  ...executor('freezes/holding.js', [
    'freeze-not-told',
    'a freeze reaches what it covers (I6)',
    'if (isNews)',
    'if (false)',
  ]),
  ...executor(
    'course/coordinator.js',
    ['on-fail-forgotten', 'a gate that says so leads back by itself', "spec?.onFail === 'rollback'", 'false'],
    ['live-side-forgotten', 'a success names its side (SWB-01)', 'side: traffic.newSide', 'side: traffic.oldSide'],
  ),
  ...executor('traffic/shifting.js', [
    'back-waits-for-a-look',
    'a publication waits for no look at the sides (SWB-10)',
    'const called = await this.ports.weights.publish(place, weights);',
    'await this.ports.sides.look(this.viewOf(work.actor).side(Object.keys(weights)[0])); const called = await this.ports.weights.publish(place, weights);',
  ]),
  ...executor('traffic/weights.js', [
    'late-owner-writes',
    'an older revision is not written over a newer (I9)',
    'rev >= place.rev)',
    'false)',
  ]),
  ...of(
    '@sluice/side',
    'side.js',
    [['side-not-carried', 'a request has one side at all services (I9)', 'carried !== undefined &&', 'false &&']],
    SHOWS,
  ),
];
