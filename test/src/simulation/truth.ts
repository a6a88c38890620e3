import { type Complain, isOfTheExecutor, type RolloutModel, type TargetModel } from '@sluice/audit';
import { attemptId, type RolloutEvent, type StepReport } from '@sluice/contracts';
import type { FakeFleet } from '@sluice/testing';

type StepEvent = Extract<RolloutEvent, { readonly type: 'StepSucceeded' | 'StepFailed' }>;

/** Holds what the log says of a step against the host's own journal: nobody can talk a rollout into a result. */
export function truthOf(fleet: FakeFleet): (model: RolloutModel, event: RolloutEvent, complain: Complain) => void {
  return (model, event, complain) => {
    if (event.type !== 'StepSucceeded' && event.type !== 'StepFailed') return;
    const target = model.targets[event.target];
    if (target === undefined || isOfTheBalancer(model, event)) return;
    if (event.type === 'StepFailed' && isOfTheExecutor(event)) return;
    const fits = resultsOf(fleet, model, target).some((result) =>
      sameResult(result, event, model.plan.lb !== undefined),
    );
    if (!fits) complain('I3', `${event.type} of ${event.step} is not what ${target.host} did in attempt ${event.n}`);
    if (event.type === 'StepSucceeded' && event.step === 'probe') isThere(fleet, model, target.host, complain);
  };
}

/** What the host's journal says of the next step of its attempt; where a balancer drains, of any of its steps. */
function resultsOf(fleet: FakeFleet, { id, plan }: RolloutModel, { host, chain, next, n }: TargetModel): StepReport[] {
  const attempt = attemptId(id, host, chain[0] ?? 'probe', n);
  const machines = fleet.machines(host);
  if (plan.lb === undefined) return machines.flatMap(({ journal }) => journal.get(attempt)?.results[next] ?? []);
  const entries = machines.flatMap(({ journal }) => [...journal.values()]);
  return entries.flatMap(({ command, results }) => (command.rollout === id && command.n === n ? results : []));
}

/** Drain and enable are not the agent's where a balancer does them. */
const isOfTheBalancer = ({ plan }: RolloutModel, { step }: StepEvent): boolean =>
  plan.lb !== undefined && (step === 'drain' || step === 'enable');

function sameResult(result: StepReport, event: StepEvent, isBalanced: boolean): boolean {
  if (result.step !== event.step || result.ok !== (event.type === 'StepSucceeded')) return false;
  return (
    event.type === 'StepSucceeded' ||
    (result.code === event.code && (isBalanced || (result.serving === true) === event.serving))
  );
}

/** The way to the hosts, watched: what is sent is in the log already, and a host that left is sent nothing (I7). */
export function watched(
  fleet: FakeFleet,
  modelOf: (id: string) => RolloutModel | undefined,
  complain: (what: string) => void,
): Pick<FakeFleet, 'run' | 'status'> {
  return {
    run: (command) => {
      const { rollout, target, n, host } = command;
      const known = modelOf(rollout)?.targets[target];
      if (known === undefined || known.n < n) complain(`I5: attempt ${n} of ${host} was sent before it was in the log`);
      if (known?.where === 'excluded') complain(`I7: ${host} is excluded and was sent attempt ${n}`);
      return fleet.run(command);
    },
    status: (host, query) => fleet.status(host, query),
  };
}

/** What a look found must be so: the version runs, and it serves (TAR-23). */
function isThere(fleet: FakeFleet, { plan }: RolloutModel, host: string, complain: Complain): void {
  const slot = fleet.hosts.get(host)?.slots.get(plan.group);
  if (slot?.running !== plan.version || !slot.serving)
    complain('I3', `${host} was found at ${plan.version}, but runs ${slot?.running ?? 'nothing'}`);
}
