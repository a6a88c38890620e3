import type { CommandEnvelope, CommandResult, InventoryCommand, TemplateCommand } from '@sluice/contracts';
import type { Clock } from '@sluice/kernel';
import type { Log } from '@sluice/messaging';

import { type Definition, readGroup } from './definition.js';
import type { InventoryStore } from './store.js';
import { readTemplate } from './templates.js';

/** An envelope whose command was not looked at yet. */
export type RawInventoryCommand = Omit<CommandEnvelope<unknown>, 'command'> & {
  readonly command: Readonly<Record<string, unknown>>;
};

const TYPES: readonly unknown[] = ['replaceGroup', 'mergeGroup'] satisfies readonly InventoryCommand['type'][];

const TEMPLATE_TYPES: readonly unknown[] = [
  'putTemplate',
  'removeTemplate',
] satisfies readonly TemplateCommand['type'][];

/** Applies inventory commands. Codes: BAD_INVENTORY (`details.faults`), VERSION_CONFLICT. */
export class InventoryCommands {
  constructor(
    private readonly store: InventoryStore,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  async apply(envelope: RawInventoryCommand): Promise<CommandResult> {
    const { command, target, expectedRev } = envelope;
    if (TEMPLATE_TYPES.includes(command['type'])) return this.#template(envelope);
    if (!TYPES.includes(command['type'])) {
      return refuse('/command/type', 'BAD_CHOICE', 'must be replaceGroup, mergeGroup, putTemplate or removeTemplate');
    }
    const read = readGroup(command['group'], '/command/group');
    if (!read.ok) return badInventory(read.faults);
    const [definition] = read.definitions;
    if (definition?.group.name !== target) return refuse('/target', 'NAME_MISMATCH', 'must be the name of the group');
    const version = (await this.store.group(target))?.version ?? 0;
    if (expectedRev !== undefined && expectedRev !== version) return conflict(target, expectedRev, version);
    return this.#define(envelope, definition);
  }

  #template({ command, target, expectedRev, actor, reason }: RawInventoryCommand): CommandResult {
    const { templateStore } = this.store;
    const version = templateStore.version(target);
    if (expectedRev !== undefined && expectedRev !== version) return conflict(target, expectedRev, version);
    const now = this.clock.now();
    this.log.info({ template: target, type: command['type'], actor, reason }, 'inventory command');
    if (command['type'] === 'removeTemplate') {
      const state = templateStore.remove(target) ? 'removed' : 'ignored';
      return { ok: true, target, state, rev: 0, actions: [] };
    }
    const read = readTemplate(target, command['template'], '/command/template');
    if (!read.ok) return badInventory(read.faults);
    const applied = templateStore.put(target, read.fields, { source: 'api', version: now, fetchedAt: now });
    const state = applied ? 'stored' : 'ignored';
    return { ok: true, target, state, rev: templateStore.version(target), actions: [] };
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
  const message = `refused, nothing was changed: ${words.join('; ')}`;
  return { ok: false, code: 'BAD_INVENTORY', message, details: { faults } };
}

function conflict(group: string, expected: number, actual: number): CommandResult {
  const message = `${group} is of version ${actual} by now, not ${expected}: look at it again`;
  return { ok: false, code: 'VERSION_CONFLICT', message, details: { expected, actual } };
}
