import { SluiceError } from '@sluice/kernel';

/**
 * What this package throws, all as SluiceError: BAD_PROOF (a proof that cannot be one), BAD_NOTE, BAD_CHECKPOINT and
 * BAD_KEY (text that is none of that form), UNVERIFIED (well-formed, but it does not prove what it should).
 */
export type ProofCode = 'BAD_PROOF' | 'BAD_NOTE' | 'BAD_CHECKPOINT' | 'BAD_KEY' | 'UNVERIFIED';

export const proofError = (
  code: ProofCode,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
): SluiceError => new SluiceError(code, message, details);
