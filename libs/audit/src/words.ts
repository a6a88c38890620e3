import type { Finding } from './findings.js';
import type { AuditReport } from './report.js';

const MEGA = 1_000_000;

/** The report as lines for a person; the JSON of it is the report itself. */
export function reportWords(report: AuditReport): readonly string[] {
  const { counts, ms, bytesPerSecond, findings, more, unjudged, begunAtCheckpoint, checkpoints, tree, open } = report;
  const { warnings, pruned } = report;
  const { streams, commits, events, bytes, rollouts } = counts;
  const rate = `${(ms / 1_000).toFixed(1)} s, ${(bytesPerSecond / MEGA).toFixed(0)} MB/s`;
  return [
    report.ok ? 'ok: nothing was found' : `NOT OK: ${findings.length + more} findings`,
    `${streams} streams, ${commits} commits, ${events} events, ${bytes} bytes; ${rollouts} rollouts, ${open} of them open (${rate})`,
    ...(checkpoints.given === 0 ? [] : [`${checkpoints.held} of ${checkpoints.given} checkpoints hold`]),
    ...(tree === undefined ? [] : [`tree of ${tree.size} commits with the root ${tree.root}`]),
    ...(begunAtCheckpoint === 0
      ? []
      : [`${begunAtCheckpoint} groups begin at a checkpoint of theirs: what was before is in the archive`]),
    ...(pruned === 0
      ? []
      : [
          `${pruned} commits were pruned from the archive: their hashes are in the chains and the tree, their events are gone`,
        ]),
    ...warnings.map((warning) => `warning: ${findingWords(warning)}`),
    ...findings.map(findingWords),
    ...(more === 0 ? [] : [`and ${more} more`]),
    ...(unjudged.length === 0
      ? []
      : [`not held against the invariants, as their history is not whole: ${unjudged.slice(0, 20).join(', ')}`]),
  ];
}

/** One line: the code, where, and what. */
export function findingWords({ code, stream, rev, position, event, words }: Finding): string {
  const place = [
    stream,
    rev === undefined ? '' : `rev ${rev}`,
    event === undefined ? '' : `event ${event}`,
    position === undefined ? '' : `position ${position}`,
  ].filter((part) => part !== '');
  return `${code}${place.length === 0 ? '' : ` [${place.join(', ')}]`} ${words}`;
}
