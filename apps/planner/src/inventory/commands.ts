import type {
  CommandEnvelope,
  CommandResult,
  InventoryCommand,
  RequestTemplate,
  TemplateCommand,
} from '@sluice/contracts';
import type { Clock } from '@sluice/kernel';
import type { Log } from '@sluice/messaging';

import { keptHowTo } from '../cmdb/how-to.js';
import { type Definition, readGroup } from './definition.js';
import type { GroupRecord } from './records.js';
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
    const { command, target } = envelope;
    if (TEMPLATE_TYPES.includes(command['type'])) return this.#template(envelope);
    const odd = oddChoice(command);
    if (odd !== undefined) return odd;
    const read = readGroup(command['group'], '/command/group');
    if (!read.ok) return badInventory(read.faults);
    const [definition] = read.definitions;
    if (definition?.group.name !== target) return refuse('/target', 'NAME_MISMATCH', 'must be the name of the group');
    return this.#define(envelope, definition, await this.store.group(target));
  }

  #template(envelope: RawInventoryCommand): CommandResult {
    const { command, target, expectedRev } = envelope;
    const { templateStore } = this.store;
    const wanted =
      command['type'] === 'putTemplate' ? readTemplate(target, command['template'], '/command/template') : undefined;
    if (wanted?.ok === false) return badInventory(wanted.faults);
    // What is said already needs no change, whoever said it: a command that is sent again has one effect.
    if (wanted !== undefined && templateStore.says(target, wanted.fields)) return this.#told(target, 'stored');
    const version = templateStore.version(target);
    if (expectedRev !== undefined && expectedRev !== version) return conflict(target, expectedRev, version);
    const { type } = command;
    this.log.info({ template: target, type, actor: envelope.actor, reason: envelope.reason }, 'inventory command');
    if (wanted === undefined) return this.#told(target, templateStore.remove(target) ? 'removed' : 'ignored');
    return this.#put(target, wanted.fields);
  }

  #put(name: string, fields: RequestTemplate): CommandResult {
    const { templateStore } = this.store;
    if (!templateStore.hasRoomFor(name))
      return refuse('/target', 'TOO_MANY', 'there are too many templates: remove one');
    const now = this.clock.now();
    // Two changes within a millisecond are two versions.
    const version = Math.max(now, templateStore.version(name) + 1);
    const isStored = templateStore.put(name, fields, { source: 'api', version, fetchedAt: now });
    return this.#told(name, isStored ? 'stored' : 'ignored');
  }

  #told(target: string, state: string): CommandResult {
    return { ok: true, target, state, rev: this.store.templateStore.version(target), actions: [] };
  }

  #define(envelope: RawInventoryCommand, definition: Definition, known: GroupRecord | undefined): CommandResult {
    const { command, target, actor, reason, expectedRev } = envelope;
    const before = known?.version ?? 0;
    if (expectedRev !== undefined && expectedRev !== before) return conflict(target, expectedRev, before);
    const mode = command['type'] === 'replaceGroup' ? 'replace' : 'merge';
    const now = this.clock.now();
    const { applied, version } =
      command['source'] === 'cmdb'
        ? this.store.define('cmdb', keptHowTo(known?.entry, definition), mode, now)
        : this.store.define('api', definition, mode, now);
    this.log.info({ group: target, mode, applied, version, actor, reason }, 'inventory command');
    return { ok: true, target, state: applied ? 'stored' : 'ignored', rev: version, actions: [] };
  }
}

function oddChoice({ type, source }: Readonly<Record<string, unknown>>): CommandResult | undefined {
  if (!TYPES.includes(type))
    return refuse('/command/type', 'BAD_CHOICE', 'must be replaceGroup, mergeGroup, putTemplate or removeTemplate');
  const isKnown = source === undefined || source === 'cmdb';
  return isKnown ? undefined : refuse('/command/source', 'BAD_CHOICE', 'must be cmdb, or absent');
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
