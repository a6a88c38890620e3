/** The two halves of what is kept of a name: 32 bits that order, 32 more for those that share them. */
export interface NameHash {
  readonly high: number;
  readonly low: number;
}

const HIGH = 0x51_ed_27_0b;
const LOW = 0x1b_87_35_93;

/** Every bit of the input moves half of the output's bits. A bijection, so two numbers never become one. */
function avalanche(value: number): number {
  let mixed = value;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85_eb_ca_6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2_b2_ae_35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function hash32(text: string, seed: number): number {
  let state = seed | 0;
  for (let i = 0; i < text.length; i += 1) {
    const mixed = Math.imul(state ^ text.charCodeAt(i), 0x9e_37_79_b1);
    state = (mixed << 13) | (mixed >>> 19);
  }
  return avalanche(state ^ text.length);
}

export const hashName = (name: string): NameHash => ({ high: hash32(name, HIGH), low: hash32(name, LOW) });

/** The order of hosts of a variable. Two variables, or two salts, order the same hosts in unrelated ways (TSU-15). */
export const orderOf = (variable: string, salt: string): NameHash =>
  // No name holds a line feed, so `a` salted `b` is not `ab`.
  hashName(`${variable}\n${salt}`);

/** H(variable, salt, host): where a host stands among the others. */
export const keyOf = (order: number, host: number): number => avalanche(order ^ host);

const PHASES = 65_536;

/**
 * H(variable, role) in (0, 1): how far into its first step a role begins, so that 300 roles do not all flip their first
 * host at once. In steps of 1/65536 and never at an edge: what rounds in a fraction is far smaller, and moves no host.
 */
export const phaseOf = (variable: string, role: string): number =>
  ((hash32(`${variable}\n${role}`, HIGH) >>> 16) + 0.5) / PHASES;
