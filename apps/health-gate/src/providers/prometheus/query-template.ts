import { SluiceError } from '@sluice/kernel';

/** `{{host}}`, or `{{host:re}}` where a regular expression stands, as in `instance=~"{{host:re}}:.*"`. */
const PLACE = /\{\{\s*([a-zA-Z][a-zA-Z0-9_]*)(:re)?\s*\}\}/g;

/**
 * A query for one target: each `{{name}}` is replaced by its value, escaped for the quoted label value that it stands
 * in, so that no name of a host can change what is asked. Code QUERY_INVALID when a name is unknown.
 */
export function filledQuery(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(PLACE, (_, name: string, isPattern: string | undefined) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) {
      const known = Object.keys(values).map((each) => `{{${each}}}`);
      throw new SluiceError(
        'QUERY_INVALID',
        `the query holds {{${name}}}; there is ${known.join(', ') || 'no such place'}`,
      );
    }
    return quoted(isPattern === undefined ? value : literalPattern(value));
  });
}

/** Fit for what stands between double or single quotes. */
const quoted = (value: string): string =>
  value.toWellFormed().replace(/[\\"'`\p{Cc}]/gu, (mark) => '\\u' + mark.charCodeAt(0).toString(16).padStart(4, '0'));

const literalPattern = (value: string): string => value.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
