const RULES: readonly (readonly [RegExp, string])[] = [
  // user:password@ and the query of an address: both carry credentials of artifact stores.
  [/([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, '$1'],
  [/([a-z][a-z0-9+.-]*:\/\/[^\s?"'<>]+)\?[^\s"'<>]*/gi, '$1?...'],
  [/\b(bearer|basic)\s+[\w.~+/=-]+/gi, '$1 ***'],
  [
    /\b([\w-]*(?:token|password|passwd|secret|api[_-]?key|authorization|credential)[\w-]*["']?\s*[=:]\s*)(?!(?:bearer|basic)\s)("[^"]*"|'[^']*'|[^\s,;]+)/gi,
    '$1***',
  ],
];

// Control characters would break a line out of its log or chat message.
const CONTROL = /[\p{Cc}\u2028\u2029]+/gu;

/** Text that somebody else wrote, fit to be told: one line, bounded, and without what looks like a credential. */
export function redact(text: string, maxLength = 400): string {
  // Bounded first: a rule never runs over more than it must.
  let out = text
    .slice(0, maxLength * 4)
    .toWellFormed()
    .replace(CONTROL, ' ')
    .trim();
  for (const [pattern, replacement] of RULES) out = out.replace(pattern, replacement);
  return out.length > maxLength ? `${out.slice(0, maxLength - 3).toWellFormed()}...` : out;
}
