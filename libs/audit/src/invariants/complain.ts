/** Says that an invariant does not hold: its name, and what was seen. */
export type Complain = (invariant: string, what: string) => void;
