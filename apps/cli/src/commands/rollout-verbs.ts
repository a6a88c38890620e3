import { Argument, Option } from 'commander';

import type { Operation } from '../client/operations.js';
import { countArgument } from './shell.js';

/** A command that is said to a rollout as it is: its body is made of its arguments and options. */
export interface Verb {
  readonly name: string;
  readonly operation: Operation;
  readonly about: string;
  /** Beside the rollout's id. */
  readonly arguments: readonly (() => Argument)[];
  readonly options?: readonly (() => Option)[];
  readonly reason: 'needed' | 'wanted';
  readonly body: (args: readonly unknown[], options: Readonly<Record<string, unknown>>) => object;
  readonly examples: readonly string[];
}

const host = (): Argument => new Argument('<host>');
const nothing = (): object => ({});

const plain = (name: Extract<SimpleVerb, string>, about: string, ...examples: readonly string[]): Verb => ({
  name,
  operation: `${name}Rollout`,
  about,
  arguments: [],
  reason: 'wanted',
  body: nothing,
  examples,
});

type SimpleVerb = 'pause' | 'resume' | 'retry' | 'cancel' | 'proceed' | 'close';

export const VERBS: readonly Verb[] = [
  plain('pause', 'admit nothing more until resume', 'sluice pause ID --reason "let us look first"'),
  plain('resume', 'go on after a pause, or after a brake while the budget is free', 'sluice resume ID --wait'),
  plain('retry', 'do failed and unknown hosts again', 'sluice retry ID --wait --timeout 10m'),
  plain('cancel', 'let what is in a step settle, then end', 'sluice cancel ID --reason "wrong version"'),
  plain('proceed', 'let the next batch go (manual mode)', 'sluice proceed ID --expected-version 41'),
  plain('close', 'give up a failed rollout and let its group go', 'sluice close ID --reason "replaced tomorrow"'),
  {
    name: 'skip',
    operation: 'skipRollout',
    about: 'leave a failed host behind, if it runs the version already',
    arguments: [host],
    reason: 'wanted',
    body: ([name]) => ({ host: name }),
    examples: ['sluice skip ID web-03 --reason "repaired by hand"'],
  },
  {
    name: 'waive',
    operation: 'waiveRollout',
    about: 'let a host serve though its verify failed',
    arguments: [host],
    reason: 'needed',
    body: ([name]) => ({ host: name }),
    examples: ['sluice waive ID web-03 --reason "the check itself is broken"'],
  },
  {
    name: 'override',
    operation: 'overrideRollout',
    about: 'take on more failures, for this rollout only',
    arguments: [() => new Argument('<failures>', 'how many more').argParser(countArgument)],
    reason: 'needed',
    body: ([extraFailures]) => ({ extraFailures }),
    examples: ['sluice override ID 2 --reason "two hosts have bad disks"'],
  },
  {
    name: 'weight',
    operation: 'weightRollout',
    about: 'move so much traffic to the new side by hand; the next stages go on from there',
    arguments: [() => new Argument('<percent>', 'of the new side').argParser(countArgument)],
    reason: 'wanted',
    body: ([weight]) => ({ weight }),
    examples: ['sluice weight ID 25 --reason "graphs are flat"', 'sluice weight ID 0'],
  },
  {
    name: 'hotfix',
    operation: 'hotfixRollout',
    about: 'go on in spite of the freezes that hold now',
    arguments: [],
    reason: 'needed',
    body: nothing,
    examples: ['sluice --actor user:bo hotfix ID --reason "repairs the outage"'],
  },
  {
    name: 'mode',
    operation: 'modeRollout',
    about: 'automatic, or a person lets each batch go',
    arguments: [() => new Argument('<mode>').choices(['automatic', 'manual'])],
    reason: 'wanted',
    body: ([mode]) => ({ mode }),
    examples: ['sluice mode ID manual'],
  },
  {
    name: 'interval',
    operation: 'intervalRollout',
    about: 'change the waits between batches',
    arguments: [],
    options: [
      () => new Option('--interval <duration>', 'before batch 2 and each later one'),
      () => new Option('--tail <duration>', 'before batch 3 and each later one, or from tailFrom on'),
    ],
    reason: 'wanted',
    body: (_, { interval, tail }) => ({
      ...(interval === undefined ? {} : { interval }),
      ...(tail === undefined ? {} : { tailInterval: tail }),
    }),
    examples: ['sluice interval ID --interval 30s --tail 10s'],
  },
];
