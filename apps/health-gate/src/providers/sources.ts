import { parseDuration } from '@sluice/kernel';

export type GateSourceKind = 'prometheus' | 'webhook' | 'smoke';

/** Where a gate may ask, by its name. Who configures the service says so, and requests name it. */
export interface GateSource {
  readonly name: string;
  readonly kind: GateSourceKind;
  /** http or https, without a user, a password or a slash at its end. That of `smoke` may hold `{host}`. */
  readonly url: string;
  /** Where the credential is: `env:NAME` or `file:/path`. */
  readonly auth?: { readonly bearerFrom: string };
  /** For one question (of smoke: for one request), waiting included. */
  readonly timeoutMs: number;
  /** Questions under way at once. */
  readonly concurrency: number;
  /** Folder of the recordings of `smoke`. */
  readonly recordings?: string;
}

export const SOURCE_DEFAULTS = { timeoutMs: 10_000, concurrency: 4 } as const;
const MOST = { sources: 64, timeoutMs: 60_000, concurrency: 64, text: 65_536 } as const;

export type GateSourcesReading =
  | { readonly ok: true; readonly sources: readonly GateSource[] }
  | { readonly ok: false; readonly faults: readonly string[] };

const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
const REFERENCE = /^(?:env:[A-Za-z_][A-Za-z0-9_]{0,199}|file:\/[^\0]{1,4000})$/;
const FORM = 'name=prometheus+https://host/path, name=webhook+... or name=smoke+...';

/**
 * Reads `SLUICE_GATE_SOURCES`: `name=kind+url` and its options `auth=`, `timeout=`, `concurrency=`, `recordings=` behind
 * spaces; several separated by commas or lines. All faults at once, and none repeats an address: it may hold a password.
 */
export function readGateSources(text: string): GateSourcesReading {
  if (text.length > MOST.text) return { ok: false, faults: [`has more than ${MOST.text} characters`] };
  const entries = text.split(/[,\n]/).map((entry) => entry.trim());
  const read = entries.filter((entry) => entry !== '').map((entry, i) => entryOf(entry, i + 1));
  const faults = read.flatMap((each) => each.faults);
  const sources = read.flatMap(({ source }) => (source === undefined ? [] : [source]));
  for (const [i, { name }] of sources.entries())
    if (sources.findIndex((other) => other.name === name) < i) faults.push(`${name}: is there twice; names are unique`);
  if (read.length > MOST.sources) faults.push(`has ${read.length} sources; at most ${MOST.sources} are possible`);
  return faults.length === 0 ? { ok: true, sources } : { ok: false, faults };
}

interface Entry {
  readonly source?: GateSource;
  readonly faults: readonly string[];
}

function entryOf(text: string, n: number): Entry {
  const [head = '', ...words] = text.split(/\s+/);
  const [, name = '', kind = '', url = ''] = /^([^=]*)=([a-z]+)\+(.*)$/.exec(head) ?? [];
  if (!NAME.test(name)) return { faults: [`source ${n}: wants the form ${FORM}, the name in a-z, 0-9 and -`] };
  if (kind !== 'prometheus' && kind !== 'webhook' && kind !== 'smoke')
    return { faults: [`${name}: its kind is prometheus, webhook or smoke, as in ${FORM}`] };
  const address = urlFault(url, kind);
  const options = words.map((word) => optionOf(word, kind));
  const faults = [address, ...options.map(({ fault }) => fault)].filter((fault) => fault !== undefined);
  const given = options.flatMap(({ option }) => Object.keys(option));
  if (new Set(given).size < given.length) faults.push('has an option twice');
  if (faults.length > 0) return { faults: faults.map((fault) => `${name}: ${fault}`) };
  const settings = Object.assign({}, ...options.map(({ option }) => option)) as Options;
  return { source: { name, kind, url: url.replace(/\/+$/, ''), ...SOURCE_DEFAULTS, ...settings }, faults: [] };
}

type Options = Partial<Pick<GateSource, 'auth' | 'timeoutMs' | 'concurrency' | 'recordings'>>;

function urlFault(url: string, kind: GateSourceKind): string | undefined {
  const concrete = kind === 'smoke' ? url.replace('{host}', 'host') : url;
  if (!URL.canParse(concrete)) return 'its address is no URL';
  const { protocol, username, password, search, hash } = new URL(concrete);
  if (protocol !== 'http:' && protocol !== 'https:') return 'its address wants http:// or https://';
  if (username !== '' || password !== '')
    return 'its address holds a user or a password; name where the credential is instead: auth=env:NAME or auth=file:/path';
  if (/[{}]/.test(concrete)) return 'its address holds braces; only that of smoke may hold {host}, once';
  if (hash !== '' || concrete.endsWith('#')) return 'its address holds a #';
  if (kind !== 'webhook' && concrete.includes('?')) return 'its address holds a query; what is asked is put behind it';
  return search === '' || kind === 'webhook' ? undefined : 'its address holds a query';
}

interface Read {
  readonly option: Options;
  readonly fault?: string;
}

function optionOf(word: string, kind: GateSourceKind): Read {
  const [, name = '', value = ''] = /^([a-z]+)=(.+)$/.exec(word) ?? [];
  switch (name) {
    case 'auth':
      return REFERENCE.test(value)
        ? { option: { auth: { bearerFrom: value } } }
        : bad('auth wants env:NAME of a variable or file:/path of a file, never the credential itself');
    case 'timeout':
      return timeoutOf(value);
    case 'concurrency': {
      const concurrency = /^\d{1,4}$/.test(value) ? Number(value) : 0;
      return concurrency >= 1 && concurrency <= MOST.concurrency
        ? { option: { concurrency } }
        : bad(`concurrency wants a whole number from 1 to ${MOST.concurrency}`);
    }
    case 'recordings':
      return kind === 'smoke' && value.startsWith('/') && !value.includes('\0')
        ? { option: { recordings: value } }
        : bad('recordings wants the absolute path of a folder, and belongs to smoke');
    default:
      return bad('its options are auth=, timeout=, concurrency= and recordings=, each behind a space');
  }
}

const bad = (fault: string): Read => ({ option: {}, fault });

function timeoutOf(text: string): Read {
  const wanted = bad('timeout wants a duration such as 5s, up to 60s');
  try {
    const timeoutMs = parseDuration(text);
    return timeoutMs > 0 && timeoutMs <= MOST.timeoutMs ? { option: { timeoutMs } } : wanted;
  } catch {
    return wanted;
  }
}
