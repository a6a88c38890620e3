import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { STREAMS, SUBJECTS } from '@sluice/contracts';
import { connectNats } from '@sluice/messaging';

import { type Prepared, serveBench } from '../child.js';
import type { ReplayOrder, ReplayResult } from './replay.js';

/** As many as the product asks for. */
const MESSAGES_AHEAD = 500;

type Timed = Omit<ReplayResult, 'coldMs'>;

/** The same commits, read by the client as fast as it goes, and parsed by JSON.parse; nothing is kept of them. */
async function startLimit({ servers }: ReplayOrder): Promise<Prepared<Timed, ReplayResult>> {
  const nats = await connectNats({ servers, name: 'bench-limit' });
  const decoder = new TextDecoder();
  const rebuild = async (): Promise<Timed> => {
    const cpu = process.cpuUsage();
    const start = performance.now();
    const manager = await jetstreamManager(nats);
    const info = await manager.consumers.add(STREAMS.log, {
      filter_subject: SUBJECTS.wholeLog,
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.All,
      mem_storage: true,
    });
    const messages = await jetstream(nats)
      .consumers.getConsumerFromInfo(info)
      .consume({ max_messages: MESSAGES_AHEAD });
    let events = 0;
    for await (const message of messages) {
      const commit = JSON.parse(decoder.decode(message.data)) as { readonly events: readonly unknown[] };
      if (message.subject.includes('.exec.')) events += commit.events.length;
      if (message.info.pending === 0) break;
    }
    const ms = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    return { ms, cpuMs: (user + system) / 1_000, events };
  };
  // What a process reads first, it reads with cold code.
  const { ms: coldMs } = await rebuild();
  return { run: rebuild, check: (timed) => ({ ...timed, coldMs }), stop: () => nats.close() };
}

await serveBench(startLimit);
