import type { CommandEnvelope, CommandResult, InventoryCommand } from '@sluice/contracts';
import type { Clock } from '@sluice/kernel';
import type { Log } from '@sluice/messaging';

import { type Definition, readGroup } from './definition.js';
import type { InventoryStore } from './store.js';

/** An envelope whose command was not looked at yet. */
export type RawInventoryCommand = Omit<CommandEnvelope<unknown>, 'command'> & {
  readonly command: Readonly<Record<string, unknown>>;
};

const TYPES: readonly unknown[] = ['replaceGroup', 'mergeGroup'] satisfies readonly InventoryCommand['type'][];

/** Applies inventory commands. Codes: BAD_INVENTORY (`details.faults`), VERSION_CONFLICT. */
export class InventoryCommands {
  constructor(
    private readonly store: InventoryStore,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  async apply(envelope: RawInventoryCommand): Promise<CommandResult> {
    const { command, target, expectedRev } = envelope;
    if (!TYPES.includes(command['type'])) {
      return refuse('/command/type', 'BAD_CHOICE', 'must be replaceGroup or mergeGroup');
    }
    const read = readGroup(command['group'], '/command/group');
    if (!read.ok) return badInventory(read.faults);
    const [definition] = read.definitions;
    if (definition?.group.name !== target) return refuse('/target', 'NAME_MISMATCH', 'must be the name of the group');
    const version = (await this.store.group(target))?.version ?? 0;
    if (expectedRev !== undefined && expectedRev !== version) return conflict(target, expectedRev, version);
    return this.#define(envelope, definition);
  }

  #define({ command, target, actor, reason }: RawInventoryCommand, definition: Definition): CommandResult {
    const mode = command['type'] === 'replaceGroup' ? 'replace' : 'merge';
    const { applied, version } = this.store.define('api', definition, mode, this.clock.now());
    this.log.info({ group: target, mode, applied, version, actor, reason }, 'inventory command');
    return { ok: true, target, state: applied ? 'stored' : 'ignored', rev: version, actions: [] };
  }
}

const refuse = (path: string, code: string, message: string): CommandResult => badInventory([{ path, code, message }]);

function badInventory(
  faults: readonly { readonly path: string; readonly code: string; readonly message: string }[],
): CommandResult {
  const words = faults.slice(0, 5).map(({ path, message }) => `${path} ${message}`);
  const message = `the group is refused, nothing was changed: ${words.join('; ')}`;
  return { ok: false, code: 'BAD_INVENTORY', message, details: { faults } };
}

function conflict(group: string, expected: number, actual: number): CommandResult {
  const message = `the group ${group} is of version ${actual} by now, not ${expected}: look at it again`;
  return { ok: false, code: 'VERSION_CONFLICT', message, details: { expected, actual } };
}
