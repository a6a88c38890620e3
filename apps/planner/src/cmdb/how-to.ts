import type { GroupEntry } from '@sluice/contracts';

import type { Definition } from '../inventory/definition.js';

/**
 * A CMDB knows apps, groups and hosts, but seldom how to install: of what it does not say, the file's or a person's
 * word stays (profiles, verify, the drain window, the selector).
 */
export function keptHowTo(known: GroupEntry | undefined, definition: Definition): Definition {
  return known === undefined ? definition : { ...definition, group: { ...known, ...definition.group } };
}
