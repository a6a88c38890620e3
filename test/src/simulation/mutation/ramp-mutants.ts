import { type Mutant, of, type Patch } from './mutant.js';

const SHOWS = ['ramp', 'rampCrash'] as const;

const variable = (file: string, ...patches: readonly Patch[]): Mutant[] => of('@sluice/variable', file, patches, SHOWS);
const executor = (file: string, ...patches: readonly Patch[]): Mutant[] => of('@sluice/executor', file, patches, SHOWS);
const rollout = (file: string, ...patches: readonly Patch[]): Mutant[] => of('@sluice/rollout', file, patches, SHOWS);

/** Rules of variables and ramps. */
export const RAMP_MUTANTS: readonly Mutant[] = [
  ...variable(
    'ramp.js',
    [
      'limit-ignored',
      'a role has no more of the new value than its limit (TSU-09)',
      'return Math.min(wantedOf(fraction, n, phase), capOf(variable, roster, role));',
      'return wantedOf(fraction, n, phase);',
    ],
    [
      'newcomers-get-the-latest',
      'who joins in mid-ramp follows the line (TSU-17)',
      'const lacking = wantedAt(variable, roster, role, now) - roleLine(variable, roster, role).to;',
      'const lacking = joined.names.length;',
    ],
    [
      'way-back-goes-on',
      'a ramp that is reversed goes back (I8)',
      "const side = variable.direction > 0 ? 'to' : 'from';",
      "const side = 'to';",
    ],
  ),
  ...variable('line.js', [
    'ahead-of-the-line',
    'a role is within one host of its line (TSU-07)',
    'Math.ceil(fraction * n - phase)',
    'Math.ceil(fraction * n + 1)',
  ]),
  ...variable('state.js', [
    'flips-while-paused',
    'a pause has everybody keep what he has (I8, TSU-14)',
    "({ phase }) => phase === 'ramping' ||",
    "({ phase }) => phase === 'paused' || phase === 'stopped' || phase === 'ramping' ||",
  ]),
  ...variable('evolve.js', [
    'paused-time-counts',
    'paused time does not count (TSU-02)',
    "variable.phase = 'paused';\n            return run(variable, event.activeMs, undefined);",
    "variable.phase = 'paused';\n            return run(variable, event.activeMs, at);",
  ]),
  ...variable('lines.js', ['pins-ignored', 'who is pinned does not flip (I8)', '!variable.pins.has(slot) &&', '']),
  ...variable('pace.js', [
    'pace-ignored',
    'in no window more of a role than its pace (TSU-13)',
    'Math.max(0, limit.changes - used)',
    'limit.changes',
  ]),
  ...variable('decide.js', [
    'breach-stops-nothing',
    'a breach freezes a ramp (TSU-10)',
    'return goesOn ? [',
    'return false ? [',
  ]),
  ...variable('checkpoint.js', [
    'checkpoint-forgets-a-host',
    'a checkpoint says what its events come to (I10)',
    'if (side === 1)',
    'if (side === 1 && slot > 0)',
  ]),
  ...executor('variables/freezing.js', [
    'ramps-not-frozen',
    'a freeze has ramps stand (I6)',
    "if (held !== undefined && variable?.phase === 'ramping')",
    'if (false)',
  ]),
  ...executor(
    'variables/fleet-actor.js',
    [
      'variable-commands-twice',
      'a command to a variable has one effect (I11)',
      'if (part.commands.has(cause))',
      'if (false)',
    ],
    ['flips-not-gathered', 'flips are gathered into few commits', 'const GATHER_MS = 250;', 'const GATHER_MS = 0;'],
  ),
  ...executor('ramps/next-command.js', [
    'held-rollout-ramps-on',
    'the variable of a rollout that is held stands (I6, TSU-10)',
    'return halt(wish, phase);',
    'return undefined;',
  ]),
  ...rollout('ramp/course.js', [
    'passed-before-it-is-there',
    'a ramp has passed when its variable is finished (I5)',
    "if (!ramp.going || ramp.seen?.phase !== 'finished')",
    'if (!ramp.going)',
  ]),
  ...rollout('ramp/inputs.js', [
    'turned-by-others-unnoticed',
    'a variable that somebody else has stopped brakes its rollout (TAR-32)',
    "if (!goesOn(state) || !ramp.going || isOnWay(phase) || phase === 'paused')",
    'if (true)',
  ]),
];
