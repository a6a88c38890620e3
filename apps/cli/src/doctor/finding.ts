/** What was looked at, what it is like, and what to do about it. `unknown`: it cannot be seen from here. */
export interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'wrong' | 'unknown';
  readonly words: string;
  readonly todo?: string;
}

export const ok = (check: string, words: string): Finding => ({ check, state: 'ok', words });
export const warning = (check: string, words: string, todo: string): Finding => ({
  check,
  state: 'warning',
  words,
  todo,
});
export const wrong = (check: string, words: string, todo: string): Finding => ({ check, state: 'wrong', words, todo });
export const unknown = (check: string, words: string, todo: string): Finding => ({
  check,
  state: 'unknown',
  words,
  todo,
});
