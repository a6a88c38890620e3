import { type Mutant, of, type Patch } from './mutant.js';
import { RAMP_MUTANTS } from './ramp-mutants.js';
import { TRAFFIC_MUTANTS } from './traffic-mutants.js';

const rollout = (file: string, ...patches: readonly Patch[]): Mutant[] => of('@sluice/rollout', file, patches);

export const MUTANTS: readonly Mutant[] = [
  ...TRAFFIC_MUTANTS,
  ...RAMP_MUTANTS,
  ...rollout('decide/members.js', [
    'new-members-at-once',
    'new members come in batches of at most the share of the plan (TRS-13)',
    'const size = Math.max(1, Math.min(maxUnavailable, share));',
    'const size = n;',
  ]),
  ...rollout('evolve/members.js', [
    'gone-members-stay',
    'who left the group leaves the rollout (TRS-13)',
    'excludeTargets(state, gone);',
    '',
  ]),
  ...rollout(
    'budget.js',
    [
      'admit-one-too-many',
      'unavailable + 1 <= A',
      'state.maxUnavailable - unavailable(state),',
      'state.maxUnavailable + 1 - unavailable(state),',
    ],
    ['floor-forgotten', 'never below minServing', 'floor === 0 ?', 'true ?'],
    ['brake-never', 'the brake falls at lost - writtenOff >= min(A, T)', 'if (lost - off < limit)', 'if (true)'],
    ['brake-one-late', 'it falls at the limit, not above it', 'if (lost - off < limit)', 'if (lost - off <= limit)'],
    ['canary-brake-never', 'a failing canary brakes at once', 'state.canariesFailed <= forgiven', 'true'],
    ['written-off-forgotten', 'failures that were taken on do not brake', 'Math.min(lost, state.extraFailures)', '0'],
  ),
  ...rollout(
    'evolve/targets.js',
    [
      'failure-counted-twice',
      'a target is lost once',
      'state.lostCount += value - (state.lost[target] ?? 0)',
      'state.lostCount += value',
    ],
    ['unknown-not-lost', 'an unknown target counts as lost', 'setLost(state, event.target, true);', ''],
  ),
  ...rollout('evolve/evolve.js', [
    'share-not-folded',
    'the state is what the events say',
    'state.members = event.members;',
    '',
  ]),
  ...rollout(
    'decide/advance.js',
    [
      'admit-while-paused',
      'nothing is admitted while paused',
      "state.status !== 'running'",
      "state.status !== 'running' && state.status !== 'paused'",
    ],
    [
      'end-with-open-steps',
      'a cancelled rollout settles first',
      'function settle(state) {\n    if (state.open.size > 0)\n        return [];',
      'function settle(state) {',
    ],
    [
      'next-batch-too-early',
      'a batch settles before the next one',
      'state.open.size > 0 ? [] : leave(',
      'false ? [] : leave(',
    ],
    ['canary-unapproved', 'a canary is enabled after its approval', "!state.approved.has('canary')", 'false'],
    ['bake-ignored', 'the canary bakes', "state.wait?.kind === 'bake' &&", 'false &&'],
    ['gates-ignored', 'a stage passes through its gates', 'return passed && !baking', 'return !baking'],
    [
      'lost-hosts-hidden',
      'the end names every host that does not serve',
      'if (state.out[target] === 1)',
      'if (state.lost[target] === 1 && state.open.size > 0)',
    ],
  ),
  ...rollout(
    'decide/enter.js',
    ['batches-unapproved', 'batches begin after their approval', "entry.kind === 'approval' &&", 'false &&'],
    ['interval-ignored', 'batches wait their interval', 'return delay > 0', 'return false'],
    ['manual-ignored', 'in manual mode a person says go', "state.mode === 'manual'", 'false'],
  ),
  ...rollout(
    'decide/commands.js',
    ['self-approval', 'the approver is not the requester', 'said.actor.id === plan.requestedBy.id', 'false'],
    [
      'any-plan-approved',
      'an approval names the plan that was read',
      'if (command.planHash !== state.planHash)',
      'if (false)',
    ],
    ['retry-redoes-all', 'a retry touches what failed only', 'probe.push(...well)', 'redo.push(...well)'],
    ['exclusion-ignored', 'an excluded host gets no command', 'if (target < 0 ||', 'if (true ||'],
    [
      'exclusion-keeps-share',
      'A is computed anew when a host leaves',
      '...budgetFor(state, members)',
      '...budgetFor(state, state.members)',
    ],
  ),
  ...rollout(
    'decide/reports.js',
    [
      'steps-in-any-order',
      'steps are taken in their order',
      'if (failed || leg.steps[place] !== result.step)',
      'if (failed)',
    ],
    [
      'report-token-ignored',
      'a report carries the token of its rollout',
      'if (report.token !== state.token)',
      'if (false)',
    ],
    ['one-try-too-many', 'the plan tries as often as it says', 'tried < (planOf', 'tried <= (planOf'],
  ),
  ...rollout(
    'decide/decide.js',
    [
      'loss-brakes-nothing',
      'a log that lost its tail brakes what is open',
      "return [{ type: 'RolloutBraked', cause: lossCause(loss) }];",
      'return [];',
    ],
    ['loss-starts-planned', 'after a loss what is planned starts braked', 'input.loss === undefined ? []', 'true ? []'],
  ),
  ...rollout('decide/verdicts.js', [
    'old-verdict-taken',
    'a verdict counts for the stage that asked for it',
    "stage !== (phase === 'during' ? watchedStage(state) : state.stage.index) ||",
    '',
  ]),
  ...rollout('counts.js', [
    'rollback-touches-all',
    'a rollback is for what was touched',
    '(state.attempts[target] ?? 0) === 0 ||',
    '',
  ]),
  ...rollout('phases.js', [
    'prefetch-forgotten',
    'download before drain when the plan says so',
    "run === 'roll' && prefetch",
    'false',
  ]),
  ...of('@sluice/group', 'decide.js', [
    ['lease-granted-twice', 'one lease per group', 'if (state.active === undefined)', 'if (true)'],
    [
      'bad-version-not-blocked',
      'a version that was taken back is blocked',
      'if (told >= ordinal || isOthers)',
      'if (true)',
    ],
  ]),
  ...of('@sluice/group', 'evolve.js', [
    ['token-not-growing', 'the token of a group grows', 'token: event.token,', 'token: state.token,'],
  ]),
  ...of('@sluice/executor', 'engine.js', [
    [
      'no-dispatch-after-restart',
      'a restart takes up open attempts',
      'for (const actor of this.registry.all())\n            this.takeUp(actor);',
      '',
    ],
  ]),
  ...of('@sluice/executor', 'regression/steady-engine.js', [
    [
      'loss-unnoticed',
      'a log that is shorter than what was seen is a loss',
      'this.loss = lossOf(error);',
      'this.loss = undefined;',
    ],
    [
      'memory-ignored',
      'a fresh process compares the log with what the last one saw',
      'this.make(deps.memory?.placeFor(deps.shards))',
      'this.make(undefined)',
    ],
  ]),
  ...of('@sluice/executor', 'actors/rollout-actor.js', [
    [
      'commands-done-twice',
      'a command that is said twice has one effect',
      'return this.seen.has(id);',
      'return false;',
    ],
  ]),
  ...of('@sluice/executor', 'actors/stream-actor.js', [
    [
      'sent-before-durable',
      'effects leave after their commit',
      'await this.append(events, at);',
      'this.hooks.committed(events); await this.append(events, at);',
    ],
  ]),
  ...of('@sluice/executor', 'course/coordinator.js', [
    [
      'supersede-forgotten',
      'an older rollout makes way',
      "this.tell(actor, { type: 'supersede', by }",
      "void (actor, { type: 'supersede', by }",
    ],
  ]),
  ...of('@sluice/event-log', 'in-memory-event-log.js', [
    [
      'both-owners-write',
      'an append states what it expects',
      '!== expected.position)',
      '!== expected.position && false)',
    ],
  ]),
  ...of('@sluice/planner', 'engine/rollbacks.js', [
    [
      'rollback-needs-inventory',
      'the way back needs no inventory',
      'return { recorded: await this.#targets(to.rolloutId), group: undefined, members: [] };',
      "throw new Error('the inventory is away');",
    ],
  ]),
  ...of('@sluice/planning', 'sealed-plan.js', [
    ['seal-without-targets', 'the seal covers the targets', 'hashOf(targets)', 'hashOf([])'],
  ]),
  ...of('@sluice/testing', 'fleet/fake-host.js', [
    ['agent-forgets-fence', 'a host refuses an older token', 'command.token < slot.fence', 'false'],
    [
      'agent-takes-late-attempts',
      'a host refuses an older attempt',
      'command.n < slot.newestOf(command.rollout)',
      'false',
    ],
    ['agent-forgets-journal', 'an attempt is done once', 'if (this.journal.has(command.attempt))', 'if (false)'],
    [
      'agent-trusts-link',
      'a look is at what runs',
      'slot.running === version && slot.serving',
      'slot.linked === version',
    ],
  ]),
];
