import type { BindingRule, Explanation } from './explanation.js';
import type { VariableState } from './state.js';

type Facts = Omit<Explanation, 'words'>;

const percent = (fraction: number): string => `${Number((fraction * 100).toFixed(2))}%`;
const place = ({ role }: Facts): string =>
  role === undefined ? 'away' : `place ${role.rank} of ${role.hosts} in ${role.name}`;
const why = ({ given }: Facts): string => (given.reason === undefined ? '' : `: ${given.reason}`);

const BECAUSE: Readonly<Record<BindingRule, (facts: Facts, variable: VariableState) => string>> = {
  before: () => 'the ramp has not begun',
  ramp: (facts, { spec }) =>
    facts.value === spec.to
      ? `its turn came at ${percent(facts.given.fraction)} (${place(facts)})`
      : `its turn has not come at ${percent(facts.fraction)} (${place(facts)})`,
  limit: (facts) =>
    `${place(facts)}: the limit of the role is ${facts.role?.limit ?? 0}, the line alone asks for ${facts.role?.asked ?? 0}`,
  pace: (facts) => `${place(facts)}: somebody of its role is due, and waits for room in the window of changes`,
  pin: (facts) => `pinned${why(facts)}`,
  pause: (facts) => `the ramp is paused at ${percent(facts.fraction)} (${place(facts)})`,
  stop: (facts, { stopped }) =>
    `the ramp was stopped at ${percent(facts.fraction)}: ${stopped?.words ?? ''} (${place(facts)})`,
  join: (facts) =>
    `it joined at ${percent(facts.given.fraction)} and got what the line asked of its role (${place(facts)})`,
  revert: (facts) => `reverted${why(facts)}`,
  reverse: (facts) => `the ramp came back to ${percent(facts.given.fraction)} (${place(facts)})`,
  away: () => 'it is away, and keeps what it had',
};

/** An explanation in a sentence. */
export const wordsOf = (facts: Facts, variable: VariableState): string =>
  `${facts.variable} is ${String(facts.value)} for ${facts.host}: ${BECAUSE[facts.rule](facts, variable)}`;
