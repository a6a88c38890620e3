import type { AttemptStatus, RunCommand, RunReply, StatusQuery } from '@sluice/contracts';
import type { Counter, Metrics } from '@sluice/observability';

import type { AgentPort, Answered } from '../ports.js';

/** The hosts, with what is asked of them counted. */
export class MeteredAgents implements AgentPort {
  private readonly asked: Counter;
  private inFlight = 0;

  constructor(
    private readonly inner: AgentPort,
    metrics: Metrics,
  ) {
    this.asked = metrics.counter({
      name: 'sluice_agent_requests_total',
      help: 'Requests to agents by how they ended: answer, unreachable (nobody listens), noAnswer, failed (not sent).',
      labels: { asked: ['run', 'status'], end: ['answer', 'unreachable', 'noAnswer', 'failed'] },
    });
    const spec = { name: 'sluice_agent_requests_in_flight', help: 'Requests to agents that wait for their answer.' };
    metrics.gauge(spec, () => [{ value: this.inFlight }]);
  }

  run(command: RunCommand): Promise<Answered<RunReply>> {
    return this.counted('run', this.inner.run(command));
  }

  status(host: string, query: StatusQuery): Promise<Answered<AttemptStatus>> {
    return this.counted('status', this.inner.status(host, query));
  }

  private counted<T>(asked: 'run' | 'status', asking: Promise<Answered<T>>): Promise<Answered<T>> {
    this.inFlight += 1;
    const labels = LABELS[asked];
    return asking.then(
      (answered) => {
        this.inFlight -= 1;
        this.asked.add(1, labels[answered.kind]);
        return answered;
      },
      (error: unknown) => {
        this.inFlight -= 1;
        this.asked.add(1, labels.failed);
        throw error;
      },
    );
  }
}

const endsOf = (asked: 'run' | 'status') => ({
  answer: { asked, end: 'answer' },
  unreachable: { asked, end: 'unreachable' },
  noAnswer: { asked, end: 'noAnswer' },
  failed: { asked, end: 'failed' },
});

// The same objects each time: a metric finds its series by them.
const LABELS = { run: endsOf('run'), status: endsOf('status') } as const;

/** Names the trace that a run belongs to, the same each time it is sent. */
export function tracedAgents(
  inner: AgentPort,
  traceOfRun: (rollout: string, target: number) => string | undefined,
): AgentPort {
  return {
    run: (command) => {
      const trace = traceOfRun(command.rollout, command.target);
      return inner.run(trace === undefined ? command : { ...command, trace });
    },
    status: (host, query) => inner.status(host, query),
  };
}
