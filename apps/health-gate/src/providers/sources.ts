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
  /** File of requests that `smoke` may send again, one object in each line. */
  readonly recording?: string;
}

/** It tests one host at a time, and wants to be told which. */
export const isPerHost = ({ url }: GateSource): boolean => url.includes('{host}');

export const SOURCE_DEFAULTS = { timeoutMs: 10_000, concurrency: 4 } as const;
const MOST = { sources: 64, timeoutMs: 60_000, concurrency: 64, text: 65_536 } as const;

export type GateSourcesReading =
  | { readonly ok: true; readonly sources: readonly GateSource[] }
  | { readonly ok: false; readonly faults: readonly string[] };

const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
const REFERENCE = /^(?:env:[A-Za-z_][A-Za-z0-9_]{0,199}|file:\/[^\0]{1,4000})$/;
const FORM = 'name=prometheus+https://host/path, name=webhook+... or name=smoke+...';

/**
 * Reads `SLUICE_GATE_SOURCES`: `name=kind+url` and its options `auth=`, `timeout=`, `concurrency=`, `recording=` behind
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
  const parts = /^([^=]*)=([a-z]+)\+(.*)$/.exec(head)?.slice(1) ?? [];
  const [name = '', kind = '', url = ''] = parts;
  if (!NAME.test(name)) return { faults: [`source ${n}: wants the form ${FORM}, the name in a-z, 0-9 and -`] };
  if (!isKind(kind)) return { faults: [`${name}: its kind is prometheus, webhook or smoke, as in ${FORM}`] };
  const { settings, faults } = settingsOf(words, kind);
  const all = [...urlFaults(url, kind), ...faults].map((fault) => `${name}: ${fault}`);
  if (all.length > 0) return { faults: all };
  return { source: { name, kind, url: url.replace(/\/+$/, ''), ...SOURCE_DEFAULTS, ...settings }, faults: [] };
}

const isKind = (kind: string): kind is GateSourceKind => ['prometheus', 'webhook', 'smoke'].includes(kind);

function urlFaults(url: string, kind: GateSourceKind): readonly string[] {
  const concrete = kind === 'smoke' ? url.replace('{host}', 'host') : url;
  if (!URL.canParse(concrete)) return ['its address is no URL'];
  const { protocol, username, password } = new URL(concrete);
  const rules: readonly (readonly [boolean, string])[] = [
    [/^https?:$/.test(protocol), 'its address wants http:// or https://'],
    [
      `${username}${password}` === '',
      'its address holds a user or a password; name where the credential is instead: auth=env:NAME or auth=file:/path',
    ],
    [!/[{}]/.test(concrete), 'its address holds braces; only that of smoke may hold {host}, once'],
    [!concrete.includes('#'), 'its address holds a #'],
    [kind === 'webhook' || !concrete.includes('?'), 'its address holds a query; what is asked is put behind it'],
  ];
  return rules.flatMap(([holds, fault]) => (holds ? [] : [fault]));
}

type Settings = Partial<Pick<GateSource, 'auth' | 'timeoutMs' | 'concurrency' | 'recording'>>;

/** Reads one option; undefined: not in the form that `wanted` says. */
interface Option {
  readonly wanted: string;
  readonly read: (value: string, kind: GateSourceKind) => Settings | undefined;
}

const OPTIONS: ReadonlyMap<string, Option> = new Map([
  [
    'auth',
    {
      wanted: 'auth wants env:NAME of a variable or file:/path of a file, never the credential itself',
      read: (value) => (REFERENCE.test(value) ? { auth: { bearerFrom: value } } : undefined),
    },
  ],
  ['timeout', { wanted: 'timeout wants a duration such as 5s, up to 60s', read: timeoutOf }],
  ['concurrency', { wanted: `concurrency wants a whole number from 1 to ${MOST.concurrency}`, read: concurrencyOf }],
  [
    'recording',
    {
      wanted: 'recording wants the absolute path of a file, and belongs to smoke',
      read: (value, kind) => (kind === 'smoke' && /^\/[^\0]*$/.test(value) ? { recording: value } : undefined),
    },
  ],
] satisfies [string, Option][]);

function settingsOf(words: readonly string[], kind: GateSourceKind): { settings: Settings; faults: readonly string[] } {
  const settings: Settings = {};
  const faults: string[] = [];
  const seen = new Set<string>();
  for (const word of words) {
    const name = word.slice(0, Math.max(0, word.indexOf('=')));
    const option = OPTIONS.get(name);
    const read = option?.read(word.slice(name.length + 1), kind);
    if (option === undefined) faults.push(`its options are ${[...OPTIONS.keys()].join('=, ')}=, each behind a space`);
    else if (read === undefined) faults.push(option.wanted);
    else if (seen.has(name)) faults.push(`has ${name} twice`);
    seen.add(name);
    Object.assign(settings, read);
  }
  return { settings, faults };
}

function concurrencyOf(text: string): Settings | undefined {
  const concurrency = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  return concurrency >= 1 && concurrency <= MOST.concurrency ? { concurrency } : undefined;
}

function timeoutOf(text: string): Settings | undefined {
  try {
    const timeoutMs = parseDuration(text);
    return timeoutMs > 0 && timeoutMs <= MOST.timeoutMs ? { timeoutMs } : undefined;
  } catch {
    return undefined;
  }
}
