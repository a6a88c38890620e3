import { type Appended, findingWords, LogVerifier } from '@sluice/audit';
import type { InMemoryEventLog, RawCommit } from '@sluice/event-log';

/** What an auditor finds who has nothing but the bytes of the log, and whether they are all there. */
export async function audited(log: InMemoryEventLog, appended: readonly Appended[]): Promise<readonly string[]> {
  const streams = new Map(appended.map(({ stream }) => [stream.id, stream]));
  const recorded: RawCommit[] = [];
  for (const stream of streams.values()) for await (const raw of log.raw(stream)) recorded.push(raw);
  const verifier = new LogVerifier();
  for (const raw of recorded.toSorted((a, b) => a.position - b.position)) verifier.add(raw);
  const { findings, counts } = verifier.finish();
  const { commits } = counts;
  const unread = commits === appended.length ? [] : [`the log has ${commits} commits of ${appended.length}`];
  return [...unread, ...findings.map((finding) => `audit: ${findingWords(finding)}`)];
}
