import type { Called } from '../dependency/called.js';

/** A host and its app: what is taken out of service and put back. Never an address, which may be another by then. */
export interface BalancedTarget {
  readonly host: string;
  readonly app: string;
  readonly group: string;
}

/** Which server of which balancer. `backend` is the balancer's name of the group. */
export interface BalancerPlace extends BalancedTarget {
  readonly balancer: string;
  readonly backend: string;
}

/** The executor's way to the load balancers. Each call says what to hold, so it may be said again at any time. */
export interface BalancerPort {
  /** No new requests; those under way go on. */
  drain(place: BalancerPlace): Promise<Called<void>>;
  enable(place: BalancerPlace): Promise<Called<void>>;
  /** How many requests or sessions are still under way; undefined when it cannot say. */
  sessions(place: BalancerPlace): Promise<Called<number | undefined>>;
}

/** A server as an adapter is told of it. `endpoint`: `host:port` where it is right now; undefined when nobody knows. */
export interface BalancedServer {
  readonly backend: string;
  readonly target: BalancedTarget;
  readonly endpoint: string | undefined;
}

/**
 * One load balancer. Each call is bounded in time and rejects when it does not answer as it should; an error with code
 * DEPENDENCY_REFUSED says that it does answer, but will not do that.
 */
export interface BalancerAdapter {
  drain(server: BalancedServer): Promise<void>;
  enable(server: BalancedServer): Promise<void>;
  sessions(server: BalancedServer): Promise<number | undefined>;
}

/** Where the hosts are, as they said last. */
export interface EndpointBook {
  endpointOf(target: BalancedTarget): Promise<string | undefined>;
}
