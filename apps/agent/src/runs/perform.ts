import type { RunCommand, StepName, StepReport } from '@sluice/contracts';
import { type Clock, isSluiceError, messageOf } from '@sluice/kernel';
import type { Logger } from '@sluice/observability';

import type { AppHost } from '../app/app-host.js';
import { diskFault } from '../files/disk-fault.js';
import { oneLine } from '../files/tail.js';
import { stepSetOf } from '../profiles/step-sets.js';
import { StepNotes } from '../profiles/steps.js';
import { type Deadline, deadlineAfter, elapsed } from '../time/waiting.js';
import { factsOf } from './facts.js';

export interface PerformDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly apps: ReadonlyMap<string, AppHost>;
}

/** One step of a run. `stopping` aborts when the agent stops. */
export interface StepToDo {
  readonly run: RunCommand;
  readonly step: StepName;
  readonly stopping: AbortSignal;
}

/** Does one step and says how it went; undefined when the agent stopped in its middle and it must be done again. */
export async function performStep(deps: PerformDeps, todo: StepToDo): Promise<StepReport | undefined> {
  const { run, step } = todo;
  const app = deps.apps.get(run.spec.app);
  if (app === undefined) {
    const message = `this agent does not run ${run.spec.app} any more`;
    return { step, ok: false, ms: 0, serving: false, code: 'NOT_CONFIGURED', message };
  }
  const notes = new StepNotes();
  const from = deps.clock.now();
  const deadline = deadlineOf(deps.clock, todo);
  try {
    const signal = deadline === undefined ? todo.stopping : AbortSignal.any([todo.stopping, deadline.signal]);
    const note = await stepSetOf(run.spec.profile)[step]({ app, run, signal, notes });
    // Whether it gets requests is the balancer's matter: what runs is not held back here.
    if (run.spec.balanced === true && step === 'install') await app.setServing(true);
    const ms = elapsed(deps.clock, from);
    return { step, ok: true, ms, ...(note === undefined ? {} : { note }), ...notes.sourcing() };
  } catch (error) {
    const fault = faultOf(error, app, { ...todo, deadline });
    if (fault === undefined) return undefined;
    const ms = elapsed(deps.clock, from);
    notes.say(`${fault.code}: ${fault.message}`);
    return { step, ok: false, ms, serving: await app.serves(), ...fault, ...notes.sourcing() };
  } finally {
    deadline?.clear();
    await keepOutput(deps, app, { ...todo, notes });
  }
}

function deadlineOf(clock: Clock, { run, step }: StepToDo): Deadline | undefined {
  const ms = run.spec.deadlinesMs?.[step];
  return ms === undefined ? undefined : deadlineAfter(clock, ms);
}

interface Fault {
  readonly code: string;
  readonly message: string;
}

interface Ending extends StepToDo {
  readonly deadline: Deadline | undefined;
}

/** Why a step failed; undefined when it was the agent that stopped. */
function faultOf(error: unknown, app: AppHost, { run, step, stopping, deadline }: Ending): Fault | undefined {
  if (isSluiceError(error, 'INTERRUPTED')) {
    if (stopping.aborted || deadline?.expired() !== true) return undefined;
    const ms = run.spec.deadlinesMs?.[step] ?? 0;
    return { code: 'STEP_TIMEOUT', message: `${step} took longer than ${ms} ms and was ended` };
  }
  return faultByError(error, app.folder);
}

function faultByError(error: unknown, folder: string): Fault {
  const known = isSluiceError(error) ? error : diskFault(error, folder);
  return { code: known?.code ?? 'STEP_ERROR', message: oneLine(messageOf(known ?? error)) };
}

interface Noted extends StepToDo {
  readonly notes: StepNotes;
}

/** Output that cannot be kept is no reason to fail a step. */
async function keepOutput({ logger }: PerformDeps, app: AppHost, { run, step, notes }: Noted): Promise<void> {
  try {
    await app.outputs.keep({ rollout: run.rollout, n: run.n, step }, notes.output.read());
  } catch (error) {
    logger.warn({ ...factsOf(run), step, reason: messageOf(error) }, 'the output of a step could not be kept');
  }
}
