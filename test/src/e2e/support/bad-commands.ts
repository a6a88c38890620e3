const V1 = { v: 1, id: 'bad-1', actor: { id: 'ana', kind: 'user' } } as const;
const UNKNOWN = 'r07-0123456789ABCDEFGHJKMNPQRS';
const OTHER_HASH = 'ab'.repeat(32);

/** A command that must be refused with this code; `says` is part of what it must be told. */
export interface BadCommand {
  readonly what: string;
  readonly payload: string | Uint8Array;
  readonly code: string;
  readonly says?: RegExp;
}

const json = (what: string, command: object, code = 'BAD_COMMAND', says?: RegExp): BadCommand => ({
  what,
  payload: JSON.stringify(command),
  code,
  ...(says === undefined ? {} : { says }),
});

const NO_OBJECTS: readonly BadCommand[] = ['{', '', '[]', '7', 'null', '"x"', Uint8Array.of(0xff, 0xfe)].map(
  (payload) => ({ what: `the payload ${String(payload)}`, payload, code: 'BAD_COMMAND', says: /JSON/ }),
);

const WELL: BadCommand = {
  what: 'a well',
  payload: '{"a":'.repeat(20_000) + '1' + '}'.repeat(20_000),
  code: 'BAD_COMMAND',
};

/** What may not be said to a rollout that waits for its canary, whoever requested it. */
export function badRolloutCommands(target: string, planHash: string, requester: object): readonly BadCommand[] {
  const say = (command: object, more: object = {}): object => ({ ...V1, target, command, ...more });
  const approve = { type: 'approve', approval: 'canary', planHash };
  return [
    ...NO_OBJECTS,
    WELL,
    json('nothing', {}, 'BAD_COMMAND', /target/),
    json('an unknown command', say({ type: 'explode' }), 'BAD_COMMAND', /type/),
    json('a command of another aggregate', say({ type: 'exclude', host: 'a-01' })),
    json('an unknown field', say({ type: 'pause' }, { force: true }), 'BAD_COMMAND', /force/),
    json('an unknown field of the command', say({ type: 'pause', force: true }), 'BAD_COMMAND', /force/),
    json('a command that is a text', say({}, { command: 'pause' }), 'BAD_COMMAND', /command/),
    json('an actor of no kind', say({ type: 'pause' }, { actor: { id: 'ana', kind: 'god' } }), 'BAD_COMMAND', /kind/),
    json('no actor', say({ type: 'pause' }, { actor: undefined }), 'BAD_COMMAND', /actor/),
    json("Nest's envelope", { pattern: 'x', id: '1', data: say({ type: 'pause' }) }),
    ...['../..', 'a.>', '*', '\u0000', '', 'r99-0123456789ABCDEFGHJKMNPQRS'].map((name) =>
      json(`the rollout ${JSON.stringify(name)}`, say({ type: 'pause' }, { target: name })),
    ),
    json('an unknown rollout', say({ type: 'pause' }, { target: UNKNOWN }), 'NOT_FOUND', /r07-/),
    json('another plan', say({ ...approve, planHash: OTHER_HASH }), 'PLAN_CHANGED', /hash|plan/),
    json('no plan', say({ type: 'approve', approval: 'canary' }), 'BAD_COMMAND', /planHash/),
    json('another approval', say({ ...approve, approval: 'batches' }), 'CONFLICT', /canary/),
    json('an approval by who requested', say(approve, { actor: requester }), 'NOT_ALLOWED', /request/),
    json('what is not offered', say({ type: 'resume' }), 'NOT_OFFERED', /pause/),
    json('a skip', say({ type: 'skip', host: 'a-02' }), 'NOT_OFFERED'),
    json('another rev', say({ type: 'pause' }, { expectedRev: 1 }), 'VERSION_CONFLICT', /rev/),
    json('negative failures', say({ type: 'override', extraFailures: -1 })),
    json('a huge number', say({ type: 'setInterval', intervalMs: 1e300 })),
  ];
}

export function badGroupCommands(target: string): readonly BadCommand[] {
  const say = (command: object, more: object = {}): object => ({ ...V1, target, command, ...more });
  return [
    ...NO_OBJECTS,
    json('an unknown command', say({ type: 'delete' })),
    json('a command of another aggregate', say({ type: 'pause' })),
    json('an exclusion without a reason', say({ type: 'exclude', host: 'a-01' }), 'REASON_NEEDED', /reason/),
    json('the host of nobody', say({ type: 'exclude', host: '' }, { reason: 'x' })),
    json('the version of nobody', say({ type: 'block', version: '' }, { reason: 'x' })),
    json('no name', say({ type: 'block', version: '1.0.0' }, { target: '', reason: 'x' })),
    json('a long name', say({ type: 'block', version: '1.0.0' }, { target: 'x'.repeat(201), reason: 'x' })),
  ];
}

export function badInventoryCommands(target: string): readonly BadCommand[] {
  const say = (command: object, more: object = {}): object => ({ ...V1, target, command, ...more });
  const group = { name: target, app: 'hello', environment: 'production' };
  return [
    ...NO_OBJECTS,
    json('an unknown command', say({ type: 'drop', group }), 'BAD_INVENTORY'),
    json('another name', say({ type: 'mergeGroup', group: { ...group, name: 'other' } }), 'BAD_INVENTORY'),
    json('an unknown field', say({ type: 'mergeGroup', group: { ...group, oops: 1 } }), 'BAD_INVENTORY', /oops/),
    json(
      'an environment of no kind',
      say({ type: 'mergeGroup', group: { ...group, environment: 'prod' } }),
      'BAD_INVENTORY',
    ),
    json(
      'a member with a bad name',
      say({ type: 'mergeGroup', group: { ...group, members: ['a.>'] } }),
      'BAD_INVENTORY',
    ),
  ];
}
