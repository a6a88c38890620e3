import type { ServiceCapacity } from '@sluice/contracts';
import { isSluiceError, messageOf } from '@sluice/kernel';

import { DEPENDENCY_REFUSED } from '../dependency/breaker.js';
import type { Called } from '../dependency/called.js';
import type { Dependencies } from '../dependency/dependencies.js';
import type { SidePlace, SidesPort, WantedCapacity } from './ports.js';

/** The capacity `agents`: the groups of hosts of the services. Any other name is that of a command hook. */
export const AGENTS = 'agents';

/**
 * What keeps the capacity of sides. Each call is bounded in time and may be said again; it rejects when it did not work,
 * with code DEPENDENCY_REFUSED when it will not do that.
 */
export interface CapacityAdapter {
  look(place: SidePlace): Promise<readonly ServiceCapacity[]>;
  scale(place: SidePlace, wanted: readonly WantedCapacity[]): Promise<void>;
  retire(place: SidePlace): Promise<string>;
}

/** Sides by the name of their capacity. Hooks stand behind breakers; Sluice's own agents need none. */
export class Sides implements SidesPort {
  constructor(
    private readonly agents: CapacityAdapter,
    private readonly hooks: ReadonlyMap<string, CapacityAdapter>,
    private readonly dependencies: Pick<Dependencies, 'call'>,
  ) {}

  look(place: SidePlace): Promise<Called<readonly ServiceCapacity[]>> {
    return this.call(place, (adapter) => adapter.look(place));
  }

  scale(place: SidePlace, wanted: readonly WantedCapacity[]): Promise<Called<void>> {
    return this.call(place, (adapter) => adapter.scale(place, wanted));
  }

  retire(place: SidePlace): Promise<Called<string>> {
    return this.call(place, (adapter) => adapter.retire(place));
  }

  private async call<T>({ capacity }: SidePlace, act: (adapter: CapacityAdapter) => Promise<T>): Promise<Called<T>> {
    if (capacity === AGENTS) return direct(() => act(this.agents));
    const hook = this.hooks.get(capacity);
    if (hook !== undefined) return this.dependencies.call(capacity, () => act(hook));
    const message = `no capacity called ${capacity} is configured: name it in SLUICE_CAPACITY`;
    return { kind: 'refused', code: DEPENDENCY_REFUSED, message };
  }
}

async function direct<T>(act: () => Promise<T>): Promise<Called<T>> {
  try {
    return { kind: 'done', value: await act() };
  } catch (error) {
    if (isSluiceError(error, DEPENDENCY_REFUSED)) return { kind: 'refused', code: error.code, message: error.message };
    return { kind: 'failing', words: messageOf(error).slice(0, 400) };
  }
}
