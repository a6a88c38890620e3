import type { Approval, ChangeRecord, Moment, Statement, TargetOutcome } from './schema.js';

const MAX_LISTED = 200;

/** A record as a page for people. `targets`: those that are listed; the first ones that did not end well, for example. */
export function recordMarkdown(record: ChangeRecord, targets: Iterable<TargetOutcome> = []): string {
  return `${[
    `# Change ${record.rollout}`,
    '',
    `${plain(record.change.app)} ${plain(record.change.version)} in ${plain(record.change.group)} (${record.change.environment}): **${record.state}**`,
    ...warningsOf(record),
    ...requestOf(record),
    ...changeOf(record),
    ...section('When', record.times.map(momentOf)),
    ...section('Approvals', record.approvals.map(approvalOf), 'none was needed or given'),
    ...section('Commands', listed(record.commands, record.omitted.commands), 'nobody gave any'),
    ...section('Decisions', listed(record.decisions, record.omitted.decisions)),
    ...outcomeOf(record, targets),
    ...(record.labels.length === 0 ? [] : section('Said afterwards', record.labels.map(lineOf))),
    ...evidenceOf(record),
  ].join('\n')}\n`;
}

const warningsOf = ({ warnings }: ChangeRecord): readonly string[] =>
  warnings.length === 0
    ? []
    : section(
        'To look at',
        warnings.map((words) => `- ${plain(words)}`),
      );

function requestOf({ request }: ChangeRecord): readonly string[] {
  const { by, id, reason, references, documentHash, evidence } = request;
  return section('Requested', [
    `- by ${plain(by)}, request ${plain(id)}`,
    `- why: ${plain(reason ?? 'no reason was given')}`,
    ...(references.length === 0 ? [] : [`- references: ${references.map(plain).join(', ')}`]),
    ...(documentHash === undefined ? [] : [`- document: ${documentHash}`]),
    `- evidence: ${placeOf(evidence)}`,
  ]);
}

function changeOf({ change }: ChangeRecord): readonly string[] {
  const { strategy, targets, canaries, budget, gates, artifacts, planHash, targetsHash, approvals } = change;
  return section('What', [
    `- ${strategy} of ${targets} targets, ${canaries} canaries, batches ${JSON.stringify(change.batches)}`,
    ...artifacts.map(
      ({ url, sha256, service }) =>
        `- ${service === undefined ? 'artifact' : plain(service)}: ${plain(url)} sha256 ${sha256}`,
    ),
    ...(change.ramp === undefined ? [] : [`- ramp: ${plain(change.ramp)}`]),
    ...(change.traffic === undefined ? [] : [`- traffic: ${plain(change.traffic)}`]),
    ...(change.rollbackOf === undefined ? [] : [`- takes back ${change.rollbackOf}`]),
    ...(change.restores === undefined ? [] : [`- restores ${change.restores}`]),
    `- budget: ${budget.maxUnavailable} of ${budget.members} unavailable, brake at ${budget.failureLimit} lost`,
    `- gates: ${gates.map(plain).join(', ') || 'none'}`,
    // Batches ask for an approval behind a canary only.
    ...(canaries === 0 ? [] : [`- approval of the batches after the canary: ${approvals.batches}`]),
    `- plan ${planHash}`,
    `- targets ${targetsHash}`,
  ]);
}

function outcomeOf({ outcome }: ChangeRecord, targets: Iterable<TargetOutcome>): readonly string[] {
  const counts = Object.entries(outcome.counts).map(([name, count]) => `${count} ${name}`);
  const lines = [
    `- ${counts.join(', ')}; ${outcome.notServing} hosts did not serve at the end`,
    `- ${outcome.targets.lines} lines of targets with the SHA-256 ${outcome.targets.sha256}`,
  ];
  for (const { host, outcome: became, code, message } of targets) {
    if (lines.length > MAX_LISTED) break;
    lines.push(`- ${plain(host)}: ${became}${code === undefined ? '' : ` (${code}: ${plain(message ?? '')})`}`);
  }
  return section('Outcome', lines);
}

const evidenceOf = ({ streams, commits }: ChangeRecord): readonly string[] =>
  section('Evidence', [
    ...streams.map(
      ({ stream, from, to, first, last, head }) =>
        `- ${stream}: rev ${from} to ${to}, positions ${first} to ${last}, head ${head}`,
    ),
    `- ${commits.length} commits; each with its position and SHA-256 in the JSON of this record`,
  ]);

function section(title: string, lines: readonly string[], none = 'nothing'): readonly string[] {
  return ['', `## ${title}`, '', ...(lines.length === 0 ? [none] : lines)];
}

const listed = (statements: readonly Statement[], omitted: number): readonly string[] => {
  const more = omitted + Math.max(0, statements.length - MAX_LISTED);
  return [...statements.slice(0, MAX_LISTED).map(lineOf), ...(more === 0 ? [] : [`- and ${more} more`])];
};

const lineOf = ({ recorded, said, by, words, reason, evidence }: Statement): string =>
  `- ${recorded}${saidOf(said)} ${plain(by)}: ${plain(words)}${reason === undefined ? '' : `, because: ${plain(reason)}`} [${placeOf(evidence)}]`;

const approvalOf = (approval: Approval): string => {
  const asked = approval.asked === undefined ? 'nobody had asked' : `asked ${approval.asked}`;
  const checks = [
    approval.isNotTheRequester ? 'not the requester' : 'THE REQUESTER',
    approval.isOfThisPlan ? 'this plan' : 'ANOTHER PLAN',
  ];
  return `${lineOf(approval)} (${asked}; ${checks.join(', ')})`;
};

const momentOf = ({ what, recorded, said }: Moment): string => `- ${what}: ${recorded}${saidOf(said)}`;
const saidOf = (said: string | undefined): string => (said === undefined ? '' : ` (said ${said})`);

const placeOf = ({ position, stream, rev, commit }: Statement['evidence']): string =>
  `position ${position}, ${stream} rev ${rev}, ${commit.slice(0, 12)}`;

/** What somebody wrote stays one line of text: it makes no headings, links, tables or markup here. */
const plain = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_[\]<>|#]/g, (mark) => `\\${mark}`)
    .trim();
