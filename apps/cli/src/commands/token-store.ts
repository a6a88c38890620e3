import { loadConfig } from '@sluice/config';
import type { TokenStore } from '@sluice/gateway';

import type { Shell } from './shell.js';

type Gateway = Pick<typeof import('@sluice/gateway'), 'newToken' | 'viewOf'>;

const WAIT_MS = 5_000;

/** The tokens where they are kept. What that needs is loaded by nobody else: a command over HTTP starts at once. */
export async function withStore<T>(
  { newId, now }: Pick<Shell, 'newId' | 'now'>,
  servers: string,
  act: (store: TokenStore, gateway: Gateway) => Promise<T>,
): Promise<T> {
  const [gateway, { connectNats, loginOf, provision }] = await Promise.all([
    import('@sluice/gateway'),
    import('@sluice/messaging'),
  ]);
  const login = loginOf(loadConfig().natsCredentials);
  const nats = await connectNats({ servers, name: 'sluice token', waitMs: WAIT_MS, ...login });
  try {
    await provision(nats);
    return await act(new gateway.TokenStore(nats, newId, now), gateway);
  } finally {
    await nats.close();
  }
}
