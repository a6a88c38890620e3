import type { CommitView } from '@sluice/gateway';

import type { Api } from './api.js';
import { CliError } from './exit.js';

/** `live`: the past has been told. */
export type LiveEvent = { readonly kind: 'commit'; readonly commit: CommitView } | { readonly kind: 'live' };

const RECONNECTS = 30;

export interface LiveOptions {
  readonly after?: number;
  readonly signal: AbortSignal;
  readonly sleep: (ms: number) => Promise<void>;
}

/** The history of a rollout, then what happens; a broken connection is resumed where it was. */
export async function* liveEvents(api: Api, id: string, options: LiveOptions): AsyncGenerator<LiveEvent> {
  let after = options.after ?? 0;
  let failures = 0;
  while (!options.signal.aborted) {
    try {
      for await (const event of oneConnection(api, id, after, options.signal)) {
        failures = 0;
        after = event.kind === 'commit' ? event.commit.position : after;
        yield event;
      }
    } catch (error) {
      if (options.signal.aborted) return;
      failures += 1;
      // A refusal is an answer: only a lost connection is worth another try.
      if (failures > RECONNECTS || (error instanceof CliError && error.problem !== undefined)) throw error;
    }
    await options.sleep(1_000);
  }
}

async function* oneConnection(api: Api, id: string, after: number, signal: AbortSignal): AsyncGenerator<LiveEvent> {
  const headers = { accept: 'text/event-stream', ...(after === 0 ? {} : { 'last-event-id': String(after) }) };
  const response = await api.open('listEvents', { path: { id }, headers, signal });
  const decoder = new TextDecoder();
  const parser = new EventParser();
  for await (const chunk of response.body ?? []) {
    for (const { event, data } of parser.add(decoder.decode(chunk as Uint8Array, { stream: true }))) {
      if (event === 'live') yield { kind: 'live' };
      if (event === 'commit') yield { kind: 'commit', commit: JSON.parse(data) as CommitView };
    }
  }
}

/** Server-sent events out of pieces of text. */
export class EventParser {
  private text = '';

  add(piece: string): { readonly event: string; readonly data: string }[] {
    const blocks = (this.text + piece).split('\n\n');
    this.text = blocks.pop() ?? '';
    return blocks.map(parseBlock).filter(({ data }) => data !== '');
  }
}

function parseBlock(block: string): { event: string; data: string } {
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    if (line.startsWith('event:')) event = line.slice(6).trim();
    if (line.startsWith('data:')) data.push(line.slice(5).trimStart());
  }
  return { event, data: data.join('\n') };
}
