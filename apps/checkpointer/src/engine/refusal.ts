import { SluiceError } from '@sluice/kernel';

/** Why nothing is signed: what stands there is not what was signed before. */
export type Refusal = 'LOG_SHORTENED' | 'LOG_CHANGED' | 'LOG_INCOMPLETE' | 'BAD_STATE_FILE';

/** Also when there is no log at all. */
export const REFUSALS: readonly string[] = [
  'LOG_SHORTENED',
  'LOG_CHANGED',
  'LOG_INCOMPLETE',
  'BAD_STATE_FILE',
  'LOG_MISSING',
];

export const refusal = (code: Refusal, words: string): SluiceError =>
  new SluiceError(code, `${words}. Nothing is signed until a person has looked: sluice audit verify says where`);

export const isRefusal = (error: SluiceError): boolean => REFUSALS.includes(error.code);
