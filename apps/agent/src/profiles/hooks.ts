import type { Hook } from '@sluice/contracts';
import { isSluiceError, SluiceError, unreachable } from '@sluice/kernel';

import { runScript, type ScriptResult } from '../host/scripting.js';
import { stopConfirmed } from '../host/stopping.js';
import { interrupted, type StepContext } from './steps.js';

export type HookName = 'preStop' | 'postStart';

/** The release that a hook belongs to. */
export interface HookPlace {
  readonly cwd: string;
  /** The app's own environment. What a hook leaves behind is stopped with the app. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Runs a hook to its end; what is left of a try that a crash of the agent cut off is stopped before (MOM-07).
 * Code HOOK_FAILED with the hook's last line.
 */
export async function runHook(context: StepContext, name: HookName, hook: Hook, place: HookPlace): Promise<void> {
  const { app, signal, notes } = context;
  const { clock, table } = app.deps;
  const marks = [`SLUICE_APP_DIR=${app.folder}`, `SLUICE_HOOK=${name}`];
  await stopConfirmed(table, clock, { leader: undefined, marks, graceMs: 0, signal });
  notes.say(`${name}: ${hook.command[0] ?? ''}`);
  const env = { ...place.env, SLUICE_HOOK: name };
  const result = await runScript(
    { clock, table, signal },
    { argv: hook.command, cwd: place.cwd, env, timeoutMs: hook.timeoutMs, marks },
  ).catch((error: unknown) => {
    if (isSluiceError(error, 'LAUNCH_FAILED')) throw failed(name, `could not run: ${error.message}`, error);
    throw error;
  });
  notes.output.write(result.output);
  judge(name, result);
}

function judge(name: HookName, { outcome, words }: ScriptResult): void {
  switch (outcome) {
    case 'ok':
      return;
    case 'failed':
      throw failed(name, `ended with ${words}`);
    case 'timeout':
      throw failed(name, `was ${words}`);
    case 'interrupted':
      throw interrupted();
    default:
      return unreachable(outcome, 'outcome of a hook');
  }
}

const failed = (name: HookName, how: string, cause?: unknown): SluiceError =>
  new SluiceError('HOOK_FAILED', `the ${name} hook ${how}`, { hook: name }, { cause });
