const MAX_WORDS = 400;

// Control characters would break a line out of its log or chat message.
const CONTROL = /[\p{Cc}\u2028\u2029]+/gu;
const USER = /([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi;
const SCHEME = /\b(bearer|basic)\s+[\w.~+/=-]{4,}/gi;

/** The header that a secret becomes; one with a space names its scheme itself. */
export const authorizationOf = (secret: string): string => (secret.includes(' ') ? secret : `Bearer ${secret}`);

/**
 * Makes what somebody else wrote fit to be told: one line, bounded, and without the secret that went there with the
 * question, in any form that an answer may repeat it in.
 */
export function wordsWithout(secret: string | undefined): (text: string, most?: number) => string {
  const forms = secret === undefined ? [] : formsOf(secret);
  return (text, most = MAX_WORDS) => {
    // All of it before it is cut: half a secret is one, too.
    let out = forms.reduce((rest, form) => rest.replaceAll(form, '***'), text);
    out = out
      .slice(0, most * 4)
      .toWellFormed()
      .replace(CONTROL, ' ')
      .trim();
    out = out.replace(USER, '$1').replace(SCHEME, '$1 ***');
    return out.length > most ? `${out.slice(0, most - 3).toWellFormed()}...` : out;
  };
}

function formsOf(secret: string): readonly string[] {
  const value = secret.slice(secret.indexOf(' ') + 1);
  const decoded = /^basic /i.test(secret) ? Buffer.from(value, 'base64').toString() : '';
  const plain = [secret, value, decoded, decoded.slice(decoded.indexOf(':') + 1)];
  const forms = plain.flatMap((form) => [
    form,
    encodeURIComponent(form.toWellFormed()),
    JSON.stringify(form).slice(1, -1),
    Buffer.from(form).toString('base64'),
  ]);
  // The longest first: what is left of one must not hide a longer one.
  return [...new Set(forms)].filter((form) => form !== '').toSorted((a, b) => b.length - a.length);
}
