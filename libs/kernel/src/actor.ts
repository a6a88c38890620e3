export type ActorKind = 'user' | 'service' | 'agent' | 'policy';

/** Who decided or did something. `id` is the name that the audit shows, e.g. `ana`, `executor`, `web-01`. */
export interface Actor {
  readonly id: string;
  readonly kind: ActorKind;
}

/** The actor of a service of ours, e.g. `executor`. */
export const serviceActor = (id: string): Actor => ({ id, kind: 'service' });

/** A request on NATS that does not say who asks. */
export const ANONYMOUS: Actor = { id: 'anonymous', kind: 'user' };

/** Whoever speaks to an API without tokens and does not say who they are. */
export const LOCAL: Actor = { id: 'local', kind: 'user' };

/** Neither of the two is a person: they may ask for things, but nobody can be told apart by them. */
export const isNamed = ({ id }: Actor): boolean => id !== ANONYMOUS.id && id !== LOCAL.id;
