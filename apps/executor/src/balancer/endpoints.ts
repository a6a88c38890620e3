import type { Hello } from '@sluice/contracts';

import type { BalancedTarget, EndpointBook } from './ports.js';

/** Hosts that are remembered; the ones heard of longest ago go first. */
const MAX_KNOWN = 200_000;

/**
 * Where each host's apps are, from its own heartbeats: a host that has got another address says so itself, and nobody
 * reads what a plan or an inventory said when it was made (XIM-07).
 */
export class HeardEndpoints implements EndpointBook {
  private readonly known = new Map<string, string>();

  /** `otherwise`: who may know it as long as the host has not been heard. */
  constructor(private readonly otherwise?: EndpointBook) {}

  hear({ host, apps }: Hello): void {
    for (const { app, group, endpoint } of apps) {
      const key = keyOf({ host, app, group });
      this.known.delete(key);
      if (endpoint !== null) this.known.set(key, endpoint);
    }
    while (this.known.size > MAX_KNOWN) this.known.delete(this.known.keys().next().value ?? '');
  }

  async endpointOf(target: BalancedTarget): Promise<string | undefined> {
    return this.known.get(keyOf(target)) ?? (await this.otherwise?.endpointOf(target));
  }
}

const keyOf = ({ host, app, group }: BalancedTarget): string => JSON.stringify([host, app, group]);
