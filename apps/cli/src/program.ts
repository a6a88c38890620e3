import { Command } from 'commander';

import { addAgent } from './agent/commands.js';
import { addArchive } from './archive/commands.js';
import { addAudit } from './audit/commands.js';
import { addBacktest } from './backtest/command.js';
import { addLabel } from './backtest/label.js';
import { addCommanding } from './commands/commanding.js';
import { addDependencies } from './commands/dependencies.js';
import { addExplaining } from './commands/explaining.js';
import { addFreezes } from './commands/freezes.js';
import { addGrouping } from './commands/grouping.js';
import { addCompletion } from './commands/completion.js';
import { addOutputs } from './commands/outputs.js';
import { addReading } from './commands/reading.js';
import { addRequesting } from './commands/requesting.js';
import { addGlobalOptions, type Surroundings } from './commands/shell.js';
import { addTemplates } from './commands/templates.js';
import { addTokens } from './commands/tokens.js';
import { addVariables } from './commands/variables.js';
import { addWatching } from './commands/watching.js';
import { addWeights } from './commands/weights.js';
import { addDoctor } from './doctor/command.js';
import { addHolds } from './hold/commands.js';
import { addPast } from './past/commands.js';
import { addServices } from './services/commands.js';
import { addUp } from './up/command.js';

const EXAMPLES = `
Examples:
  sluice up --demo-fleet                       everything, and a fleet to play with
  sluice preview hello-2.0.0.yaml              the plan that a request would make
  sluice request hello-2.0.0.yaml --wait       request it, wait until it has ended or wants a person
  sluice --actor user:bo approve ID            approve what it waits for
  sluice watch ID                              what happens, as it happens
  sluice history ID                            what happened, who decided it, and why
  sluice get ID --at 5m                        what it was then; diff tells what changed, replay plays it
  sluice explain ID --verify                   why its gates decided so, decided again
  sluice backtest --policy new.yaml --infer    what another policy would have done to past rollouts
  sluice list --state braked -o json           for scripts

Exit codes: 0 ok, 1 error, 2 usage, 3 not found, 4 not allowed, 5 conflict, 6 failed (a rollout, or a policy beyond its
limits), 7 braked or waiting, 8 timeout, 9 a record is not what it says: a verdict that its inputs do not give, a log or
a proof that does not hold`;

/** The command line as a value: a test runs it without a process. */
export function createProgram(surroundings: Surroundings): Command {
  const program = new Command('sluice').description(
    'Rolls a change out a little at first, watched, and stopped at once when something breaks.',
  );
  addGlobalOptions(program)
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => surroundings.out(text.trimEnd()),
      writeErr: (text) => surroundings.err(text.trimEnd()),
    });
  addUp(program, surroundings);
  addRequesting(program, surroundings);
  addReading(program, surroundings);
  addOutputs(program, surroundings);
  addCommanding(program, surroundings);
  addGrouping(program, surroundings);
  addWatching(program, surroundings);
  addPast(program, surroundings);
  addTemplates(program, surroundings);
  addDependencies(program, surroundings);
  addFreezes(program, surroundings);
  addHolds(program, surroundings);
  addWeights(program, surroundings);
  addExplaining(program, surroundings);
  addVariables(program, surroundings);
  addTokens(program, surroundings);
  addDoctor(program, surroundings);
  addServices(program, surroundings);
  addArchive(program, surroundings);
  addAudit(program, surroundings);
  addBacktest(program, surroundings);
  addLabel(program, surroundings);
  addAgent(program, surroundings);
  addCompletion(program, surroundings);
  inherit(program);
  return program;
}

function inherit(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent);
    inherit(command);
  }
}
