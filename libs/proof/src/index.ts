export type { ProofCode } from './errors.js';
