import { rosterStreamId, shardOfGroup, type StreamName, variableStreamId } from '@sluice/contracts';
import { explain, type Explanation, type PastEvent, type Series, seriesOf, type SeriesQuery } from '@sluice/variable';
import { SluiceError } from '@sluice/kernel';

import { refuse } from '../problems/problem.js';
import type { LogReader } from '../read-model/rollout-loader.js';

/** Commits of one question: two weeks over 100,000 hosts, one after the other, and room. */
const MAX_COMMITS = 400_000;
/** Questions at a time; each holds its events. */
const MAX_AT_ONCE = 4;

/** Questions about the past of a fleet, answered from its streams alone: none of the memory of this process counts. */
export class VariablesPast {
  private asking = 0;

  constructor(private readonly log: LogReader) {}

  /** Why a host was to have what it was to have. Codes: NOT_FOUND, UNKNOWN_HOST, TOO_BUSY, TOO_LONG. */
  async explain(
    fleet: string,
    variables: readonly string[],
    { host, at }: { readonly host: string; readonly at: number },
  ): Promise<readonly Explanation[]> {
    return this.bounded(async () => {
      const roster = await this.rosterOf(fleet, at);
      const explanations: Explanation[] = [];
      for (const variable of variables) {
        const past = [...roster, ...(await this.variableOf(fleet, variable, at))];
        explanations.push(inWords(() => explain(past, { host, variable, at })));
      }
      return explanations;
    });
  }

  /** The picture of its counts (TSU-11). Codes: BAD_SERIES, NOT_FOUND, TOO_BUSY, TOO_LONG. */
  async series(fleet: string, query: SeriesQuery): Promise<Series> {
    return this.bounded(async () => {
      const past = [
        ...(await this.rosterOf(fleet, query.to)),
        ...(await this.variableOf(fleet, query.variable, query.to)),
      ];
      return inWords(() => seriesOf(past, query));
    });
  }

  private async bounded<T>(ask: () => Promise<T>): Promise<T> {
    if (this.asking >= MAX_AT_ONCE)
      throw refuse('TOO_BUSY', `${MAX_AT_ONCE} questions about the past are being answered: try again in a moment`);
    this.asking += 1;
    try {
      return await ask();
    } finally {
      this.asking -= 1;
    }
  }

  private rosterOf(fleet: string, until: number): Promise<PastEvent[]> {
    return this.read({ shard: shardOfGroup(fleet), writer: 'variable', id: rosterStreamId(fleet) }, until);
  }

  private variableOf(fleet: string, variable: string, until: number): Promise<PastEvent[]> {
    return this.read({ shard: shardOfGroup(fleet), writer: 'variable', id: variableStreamId(fleet, variable) }, until);
  }

  private async read(stream: StreamName & { readonly writer: 'variable' }, until: number): Promise<PastEvent[]> {
    const past: PastEvent[] = [];
    let commits = 0;
    for await (const { head, events, meta } of this.log.read(stream)) {
      if (head.at > until) break;
      commits += 1;
      if (commits > MAX_COMMITS)
        throw refuse('TOO_LONG', `more than ${MAX_COMMITS} commits lie before that time: read the log itself`);
      events.forEach((event, index) => {
        const by = meta[index]?.by;
        past.push({ event, at: head.at, ...(by === undefined ? {} : { by }) });
      });
    }
    return past;
  }
}

/** What the domain refuses is the question's fault. */
function inWords<T>(ask: () => T): T {
  try {
    return ask();
  } catch (error) {
    if (error instanceof SluiceError) throw refuse(error.code, error.message, statusOf(error.code));
    throw error;
  }
}

const statusOf = (code: string): { readonly status?: number } => (code === 'UNKNOWN_HOST' ? { status: 404 } : {});
