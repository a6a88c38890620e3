/** How a call to a dependency ended: `down` = nobody asks it for now, `failing` = asked without an answer that counts. */
export type Called<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'down'; readonly words: string }
  | { readonly kind: 'failing'; readonly words: string }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };
