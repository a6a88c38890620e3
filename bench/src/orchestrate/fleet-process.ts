import type { Msg } from '@nats-io/nats-core';
import { type ReportAnswer, type RunCommand, type RunReport, shardOfId, SUBJECTS } from '@sluice/contracts';
import { connectNats } from '@sluice/messaging';

import { type Prepared, serveBench } from '../child.js';
import { Requester } from './requester.js';

/** What the fleet did. */
export interface FleetCounts {
  readonly runs: number;
  readonly acked: number;
  readonly resent: number;
  readonly refused: number;
}

const RESEND_MS = 500;
const ACCEPTED = JSON.stringify({ ok: true, state: 'accepted' });
const NEVER_SEEN = JSON.stringify({ state: 'neverSeen' });

/** Every host of the fleet in one process: takes a run, does its steps in no time, and reports until that is acked. */
async function startFleet({ servers }: { readonly servers: string }): Promise<Prepared<FleetCounts, FleetCounts>> {
  const nats = await connectNats({ servers, name: 'bench-fleet' });
  const requester = new Requester(nats);
  const counts = { runs: 0, acked: 0, resent: 0, refused: 0 };

  const report = (subject: string, text: string): void =>
    requester.request(subject, text, (answer) => onAnswer(subject, text, answer));
  const onAnswer = (subject: string, text: string, message: Msg): void => {
    const answer = message.data.length === 0 ? undefined : message.json<ReportAnswer>();
    if (answer?.ok === true) counts.acked += 1;
    else if (answer?.retry === false) counts.refused += 1;
    else {
      counts.resent += 1;
      setTimeout(() => report(subject, text), RESEND_MS);
    }
  };
  nats.subscribe(SUBJECTS.allAgentRuns, {
    callback: (_, message) => {
      counts.runs += 1;
      message.respond(ACCEPTED);
      const run = message.json<RunCommand>();
      report(SUBJECTS.report(shardOfId(run.rollout) ?? '', run.host), JSON.stringify(reportOf(run)));
    },
  });
  nats.subscribe(SUBJECTS.allAgentStatus, { callback: (_, message) => void message.respond(NEVER_SEEN) });
  await nats.flush();
  return { run: () => Promise.resolve({ ...counts }), check: (told) => told, stop: () => nats.close() };
}

function reportOf({ host, rollout, attempt, target, kind, n, token, steps }: RunCommand): RunReport {
  return {
    v: 1,
    host,
    rollout,
    attempt,
    target,
    kind,
    n,
    token,
    final: true,
    steps: steps.map((step) => ({ step, ok: true, ms: 1 })),
  };
}

await serveBench(startFleet);
