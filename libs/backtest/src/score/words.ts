import type { Place } from '../trial/outcome.js';
import type { BacktestReport, LabelledResult } from './report.js';
import type { Score, Share } from './score.js';

const MEGA = 1_000_000;
const MINUTE = 60_000;

/** The report as lines for a person, without the rollouts one by one; the JSON of it is the report itself. */
export function backtestWords(report: BacktestReport): readonly string[] {
  const { policy, counts, outcomes, spared, labels } = report;
  const { rollouts, open, left, rollbacks, withoutPlan, commits, bytes } = counts;
  return [
    `policy ${policy} on ${rollouts} rollouts (${open} of them open), ${commits} commits, ${(bytes / MEGA).toFixed(1)} MB`,
    ...some(left + rollbacks, `left out: ${left} that it is not for or not of the period, ${rollbacks} rollbacks`),
    ...some(withoutPlan, `left out: ${withoutPlan} whose plan is not here (name its archive with --archive)`),
    '',
    `same        ${outcomes.same}`,
    `earlier     ${outcomes.stops}${outcomes.stops === 0 ? '' : `: spares ${spared.targets} targets and ${lengthOf(spared.ms)}`}`,
    `goes on     ${outcomes.goesOn}${outcomes.goesOn === 0 ? '' : ' where the live policy stopped: what came then is unknown'}`,
    `unknown     ${outcomes.unknown}`,
    '',
    `labelled    ${labels.bad} bad, ${labels.good} good${labels.inferred === 0 ? '' : ` (${labels.inferred} of them inferred from how they ended, not said by anybody)`}; ${labels.unlabelled} are not, and count for nothing`,
    ...(labels.good + labels.bad === 0
      ? ['            sluice label ID good|bad says what a rollout was']
      : scores(report)),
  ];
}

const some = (count: number, words: string): readonly string[] => (count === 0 ? [] : [words]);

const scores = ({ live, candidate }: BacktestReport): readonly string[] => [
  ...scoreWords('live', live),
  ...scoreWords('candidate', candidate),
];

const scoreWords = (name: string, score: Score): readonly string[] => {
  const { caught, missed, falseAlarms, passed, unknownBad, unknownGood, precision, recall } = score;
  const unknown = unknownBad + unknownGood === 0 ? '' : `; unknown ${unknownBad} bad, ${unknownGood} good`;
  return [
    `${name.padEnd(12)}stopped ${caught} bad, ${falseAlarms} good; not stopped ${missed} bad, ${passed} good${unknown}`,
    `            precision ${shareWords(precision)}, recall ${shareWords(recall)}`,
  ];
};

/** Minutes, and seconds of what is shorter. */
const lengthOf = (ms: number): string =>
  ms < MINUTE ? `${(ms / 1_000).toFixed(1)} s` : `${Math.floor(ms / MINUTE)} min`;

const percent = (value: number): string => `${(value * 100).toFixed(0)} %`;

const shareWords = (share: Share | undefined): string =>
  share === undefined
    ? 'unknown (of none)'
    : `${percent(share.value)} (${share.count} of ${share.of}; ${percent(share.low)} to ${percent(share.high)})`;

/** One rollout that differs: its line, and why. */
export function resultWords(result: LabelledResult): readonly string[] {
  const { rollout, app, group, version, divergence, open } = result;
  const head = `${rollout}  ${app} ${version} on ${group}, ${labelWords(result)}${open ? ', open' : ''}`;
  if (divergence === undefined) return [head];
  const at = divergence.at === undefined ? '' : ` at ${placeWords(divergence.at)}`;
  switch (divergence.kind) {
    case 'stops': {
      const latest = divergence.atLatest ? ', at the latest,' : '';
      return [head, `  stops${latest}${at} because ${divergence.because}`, `  ${sparedWords(result)}`];
    }
    case 'goesOn':
      return [head, `  goes on${at}: ${divergence.because}`, '  beyond that unknown'];
    case 'unknown':
      return [head, `  unknown${at}: ${divergence.because}`];
  }
}

const labelWords = ({ label, inferred }: LabelledResult): string =>
  label === undefined ? 'no label' : `${inferred === true ? 'inferred ' : ''}${label}`;

function sparedWords({ spared, live }: LabelledResult): string {
  const { targets = 0, ms = 0, soFar } = spared ?? {};
  const stopped =
    live === undefined ? 'did not stop it' : `stopped it at ${placeWords(live.at)} because ${live.because}`;
  return `spares ${targets} targets and ${lengthOf(ms)}${soFar === true ? ' so far' : ''}; live ${stopped}`;
}

const placeWords = ({ stream, rev, event, position, at }: Place): string =>
  `${stream}:${rev} (event ${event}, position ${position}, ${new Date(at).toISOString()})`;
