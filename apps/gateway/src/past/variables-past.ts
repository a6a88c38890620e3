import {
  type RecordedCommit,
  rosterStreamId,
  shardOfGroup,
  type StreamName,
  variableStreamId,
} from '@sluice/contracts';
import {
  evolveFleet,
  evolveVariable,
  type Fleet,
  initialFleet,
  isRosterEvent,
  type VariableState,
} from '@sluice/variable';

import { type AtMoment, type Cut } from './cut.js';
import { atOf, type FoldParts, foldUpTo } from './fold.js';
import { isOf, notYet } from './rollouts-past.js';

/** A variable as it was, with the hosts of its fleet then. `rev`: of its stream. */
export interface VariableThen {
  readonly fleet: string;
  readonly rev: number;
  readonly state: Fleet;
  readonly variable: VariableState;
  readonly at: AtMoment;
}

/** Undefined when the log holds nothing of it. Codes NOT_YET, TOO_LONG. */
export async function variableAt(
  parts: FoldParts,
  { fleet, name }: { readonly fleet: string; readonly name: string },
  cut: Cut,
): Promise<VariableThen | undefined> {
  const state = initialFleet();
  let rev = 0;
  const folded = await foldUpTo(parts, { streams: streamsOf(fleet, name), cut }, (commit) => {
    if (!isOf(commit, 'variable')) return;
    for (const event of commit.events) {
      if (isRosterEvent(event)) evolveFleet(state, event);
      else {
        evolveVariable(state, name, event, commit.head.at);
        rev = commit.head.rev;
      }
    }
  });
  const variable = state.variables.get(name);
  if (variable !== undefined) return { fleet, rev, state, variable, at: atOf(cut, folded) };
  const first = await firstOf(parts, fleet, name);
  if (first !== undefined) throw notYet(`variable ${name.slice(0, 60)}`, cut, first);
  return undefined;
}

async function firstOf({ log }: FoldParts, fleet: string, name: string): Promise<RecordedCommit | undefined> {
  for await (const commit of log.read(streamOf(fleet, variableStreamId(fleet, name)))) return commit;
  return undefined;
}

const streamOf = (fleet: string, id: string) => ({ shard: shardOfGroup(fleet), writer: 'variable', id }) as const;

const streamsOf = (fleet: string, name: string): readonly StreamName[] => [
  streamOf(fleet, rosterStreamId(fleet)),
  streamOf(fleet, variableStreamId(fleet, name)),
];
