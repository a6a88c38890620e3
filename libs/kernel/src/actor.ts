export type ActorKind = 'user' | 'service' | 'agent' | 'policy';

/** Who decided or did something. `id` is the name that the audit shows, e.g. `ana`, `executor`, `web-01`. */
export interface Actor {
  readonly id: string;
  readonly kind: ActorKind;
}

/** The actor of a service of ours, e.g. `executor`. */
export const serviceActor = (id: string): Actor => ({ id, kind: 'service' });
