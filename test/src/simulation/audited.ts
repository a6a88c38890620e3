import { type Appended, findingWords, LogVerifier } from '@sluice/audit';
import type { InMemoryEventLog, RawCommit } from '@sluice/event-log';

/** The commits that a world's log was given, byte for byte, in the order of the log. */
export async function rawOf(log: InMemoryEventLog, appended: readonly Appended[]): Promise<readonly RawCommit[]> {
  const streams = new Map(appended.map(({ stream }) => [stream.id, stream]));
  const recorded: RawCommit[] = [];
  for (const stream of streams.values()) for await (const raw of log.raw(stream)) recorded.push(raw);
  return recorded.toSorted((a, b) => a.position - b.position);
}

/** What an auditor finds who has nothing but the bytes of the log, and whether they are all there. */
export async function audited(log: InMemoryEventLog, appended: readonly Appended[]): Promise<readonly string[]> {
  const verifier = new LogVerifier();
  for (const raw of await rawOf(log, appended)) verifier.add(raw);
  const { findings, counts } = verifier.finish();
  const { commits } = counts;
  const unread = commits === appended.length ? [] : [`the log has ${commits} commits of ${appended.length}`];
  return [...unread, ...findings.map((finding) => `audit: ${findingWords(finding)}`)];
}
