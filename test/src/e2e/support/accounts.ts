import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { REPOSITORY } from '@sluice/demo';

/** deploy/nats/accounts.conf with passwords like `pw-agents`. */
export function accounts(): string {
  const text = readFileSync(join(REPOSITORY, 'deploy', 'nats', 'accounts.conf'), 'utf8');
  return text.replace(/\$SLUICE_([A-Z]+)_PASSWORD/g, (_all, account: string) => `pw-${account.toLowerCase()}`);
}
