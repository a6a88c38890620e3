import type { Called } from '../dependency/called.js';
import type { Dependencies } from '../dependency/dependencies.js';
import type { BalancedServer, BalancerAdapter, BalancerPlace, BalancerPort, EndpointBook } from './ports.js';

/** The balancers behind their breakers. Where a host is, is asked at the time of the call (XIM-07). */
export class Balancers implements BalancerPort {
  constructor(
    private readonly adapters: ReadonlyMap<string, BalancerAdapter>,
    private readonly dependencies: Pick<Dependencies, 'call'>,
    private readonly endpoints: EndpointBook,
  ) {}

  drain(place: BalancerPlace): Promise<Called<void>> {
    return this.call(place, (adapter, server) => adapter.drain(server));
  }

  enable(place: BalancerPlace): Promise<Called<void>> {
    return this.call(place, (adapter, server) => adapter.enable(server));
  }

  sessions(place: BalancerPlace): Promise<Called<number | undefined>> {
    return this.call(place, (adapter, server) => adapter.sessions(server));
  }

  private async call<T>(
    place: BalancerPlace,
    act: (adapter: BalancerAdapter, server: BalancedServer) => Promise<T>,
  ): Promise<Called<T>> {
    const { balancer, backend, ...target } = place;
    const adapter = this.adapters.get(balancer);
    if (adapter === undefined)
      return {
        kind: 'down',
        words: `no balancer called ${balancer} is configured that takes hosts out of service: name an HAProxy in SLUICE_BALANCERS`,
      };
    const endpoint = await this.endpoints.endpointOf(target);
    return this.dependencies.call(balancer, () => act(adapter, { backend, target, endpoint }));
  }
}
