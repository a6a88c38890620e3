/** What a reader makes of the text of one variable: its value, or what is wanted instead. */
export type Reading<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly wanted: string };

export type Reader<T> = (text: string) => Reading<T>;

const good = <T>(value: T): Reading<T> => ({ ok: true, value });
const bad = (wanted: string): { readonly ok: false; readonly wanted: string } => ({ ok: false, wanted });

/** A whole number in decimal digits, between both bounds. */
export function integer(min: number, max: number): Reader<number> {
  return (text) => {
    const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? good(value) : bad(`a whole number from ${min} to ${max}`);
  };
}

export function oneOf<const T extends string>(...values: readonly T[]): Reader<T> {
  return (text) => {
    const value = values.find((candidate) => candidate === text);
    return value === undefined ? bad(`one of ${values.join(', ')}`) : good(value);
  };
}

/** A duration as `parse` reads it, in milliseconds. */
export function duration(parse: (text: string) => number, max: string): Reader<number> {
  return (text) => {
    try {
      const value = parse(text);
      return value > 0 && value <= parse(max) ? good(value) : bad(`a duration above 0 and up to ${max}, such as 30s`);
    } catch {
      return bad(`a duration such as 30s, 5m or 7d, up to ${max}`);
    }
  };
}

/** One or more `nats://host:port`, separated by commas. Credentials belong into their own variables, not into a URL. */
export const natsUrls: Reader<string> = (text) => {
  const wanted = 'nats://host:port or tls://host:port, several separated by commas, without a user or password in them';
  return text.split(',').every(isNatsUrl) ? good(text) : bad(wanted);
};

function isNatsUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  return (protocol === 'nats:' || protocol === 'tls:') && hostname !== '' && username === '' && password === '';
}

/** `nats`, or an address of KurrentDB. Credentials belong into their own variable. */
export const logUrl: Reader<string> = (text) => {
  const wanted = '`nats` or kurrentdb://host:port, without a user or password in it';
  if (text === 'nats') return good(text);
  if (!URL.canParse(text)) return bad(wanted);
  const { protocol, hostname, username, password } = new URL(text);
  const isKurrent = /^(kurrentdb|esdb)(\+discover)?:$/.test(protocol);
  return isKurrent && hostname !== '' && username === '' && password === '' ? good(text) : bad(wanted);
};

/** `user:password`. What was given is never repeated. */
export const credentials: Reader<string> = (text) => (/^[^:\s]+:\S+$/.test(text) ? good(text) : bad('user:password'));

/** `http://host:port` of the API, without a path. */
export const httpUrl: Reader<string> = (text) => {
  const wanted = 'http://host:port or https://host:port, without a user, a password or a path';
  if (!URL.canParse(text)) return bad(wanted);
  const { protocol, username, password, pathname } = new URL(text);
  const isApi =
    (protocol === 'http:' || protocol === 'https:') && username === '' && password === '' && pathname === '/';
  return isApi ? good(text.replace(/\/$/, '')) : bad(wanted);
};

/** An address that something is sent to, with a path or a query; credentials stand nowhere in it. */
export const webUrl: Reader<string> = (text) => {
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = parsed !== undefined && /^https?:$/.test(parsed.protocol) && parsed.username + parsed.password === '';
  return isPlain ? good(text) : bad('http://host/path or https://host/path, without a user or a password');
};

/** Where OTLP is taken: as `httpUrl`, and a path in front of `/v1/traces` may stand in it. */
export const collectorUrl: Reader<string> = (text) => {
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  const isCollector =
    parsed !== undefined && /^https?:$/.test(parsed.protocol) && parsed.username + parsed.password === '';
  return isCollector ? good(text) : bad('http://host:port or https://host:port, without a user or a password');
};

/** `http://host/...{group}...`: where a CMDB answers for one group. */
export const groupUrl: Reader<string> = (text) => {
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = parsed !== undefined && /^https?:$/.test(parsed.protocol) && parsed.username + parsed.password === '';
  return isPlain && text.includes('{group}') && !parsed.host.includes('group')
    ? good(text)
    : bad('http://host/path or https://host/path with {group} in it, without a user or a password');
};

/** Where a secret is, and never the secret itself. */
export const secretReference: Reader<string> = (text) =>
  /^(?:env:[A-Za-z_][A-Za-z0-9_]{0,199}|file:\/[^\0]{1,4000})$/.test(text)
    ? good(text)
    : bad('env:NAME of a variable or file:/path of a file that holds it');

/** Read by the service that uses it, which knows its form. */
export const text: Reader<string> = (value) =>
  value.length <= 65_536 ? good(value) : bad('a text of up to 65536 characters');

export const host: Reader<string> = (text) =>
  /^[A-Za-z0-9.:_-]{1,253}$/.test(text) ? good(text) : bad('a host name or an address, such as 127.0.0.1');

export const path: Reader<string> = (text) =>
  text.length > 0 && text.length <= 4_096 && !text.includes('\0') ? good(text) : bad('a path of 1 to 4096 characters');

/** A bearer token as `sluice token create` prints it. */
export const token: Reader<string> = (text) =>
  /^[\x21-\x7e]{1,200}$/.test(text) ? good(text) : bad('a token of up to 200 visible characters, without spaces');

/** A load balancer by its name, or another publisher of weights. Lists of words are argv. */
export type BalancerSetting = { readonly name: string } & (
  | {
      readonly kind: 'haproxy';
      readonly address: { readonly host: string; readonly port: number } | { readonly path: string };
    }
  | {
      readonly kind: 'nginx';
      readonly folder: string;
      readonly reload: readonly string[];
      readonly test?: readonly string[];
      readonly key?: string;
    }
  | { readonly kind: 'file'; readonly folder: string }
);

/** A command that drives an autoscaler. */
export interface CapacitySetting {
  readonly name: string;
  readonly argv: readonly string[];
}

const MAX_NAMED = 64;
const NAMED = /^([a-z0-9][a-z0-9-]{0,62})=(.+)$/s;
const FOLDER = /^\/[^\0?]{1,400}$/;

/** Things with names, separated by commas, each name once. */
function named<T>(of: (name: string, text: string) => T | undefined, wanted: string): Reader<readonly T[]> {
  return (text) => {
    const pairs = text.split(',').map((one) => NAMED.exec(one.trim()));
    const names = new Set(pairs.map((pair) => pair?.[1]));
    const found = pairs.flatMap((pair) => (pair === null ? [] : [of(pair[1] ?? '', pair[2] ?? '')]));
    const known = found.filter((one) => one !== undefined);
    const isSound = known.length === pairs.length && names.size === pairs.length && pairs.length <= MAX_NAMED;
    return isSound ? good(known) : bad(`${wanted}, several separated by commas, each name once`);
  };
}

export const balancers: Reader<readonly BalancerSetting[]> = named(
  balancerOf,
  'name=haproxy+tcp://host:port, name=haproxy+unix:///path, name=nginx:///folder?reload=nginx+-s+reload&test=nginx+-t or name=file:///folder',
);

function balancerOf(name: string, text: string): BalancerSetting | undefined {
  const [, kind, place = ''] = /^(haproxy\+unix|haproxy\+tcp|nginx|file):\/\/(.+)$/.exec(text) ?? [];
  if (kind === 'haproxy+unix')
    return /^\/[^\0]{1,200}$/.test(place) ? { name, kind: 'haproxy', address: { path: place } } : undefined;
  if (kind === 'haproxy+tcp') return haproxyOf(name, place);
  if (kind === 'file') return FOLDER.test(place) ? { name, kind, folder: place } : undefined;
  return kind === 'nginx' ? nginxOf(name, place) : undefined;
}

function haproxyOf(name: string, place: string): BalancerSetting | undefined {
  const [, host, port] = /^([A-Za-z0-9.-]{1,253}):(\d{1,5})$/.exec(place) ?? [];
  return host === undefined || Number(port) > 65_535
    ? undefined
    : { name, kind: 'haproxy', address: { host, port: Number(port) } };
}

/** As the query of an address: `+` is a space, `%2C` a comma. */
function nginxOf(name: string, place: string): BalancerSetting | undefined {
  const [folder = '', query = ''] = place.split(/\?(.*)/s);
  const asked = new URLSearchParams(query);
  const [reload, test] = [wordsOf(asked.get('reload')), wordsOf(asked.get('test'))];
  const key = asked.get('key');
  const isKnown = [...asked.keys()].every((each) => ['reload', 'test', 'key'].includes(each));
  const isKey = key === null || /^[\w$.-]{1,200}$/.test(key);
  if (!FOLDER.test(folder) || reload === undefined || !isKnown || !isKey) return undefined;
  return {
    ...{ name, kind: 'nginx', folder, reload },
    ...(test === undefined ? {} : { test }),
    ...(key === null ? {} : { key }),
  };
}

function wordsOf(text: string | null): readonly string[] | undefined {
  const words = (text ?? '').split(/\s+/).filter((word) => word !== '');
  return words.length === 0 || words.some((word) => word.includes('\0')) ? undefined : words;
}

/** `agents` is the capacity that needs no command. */
export const capacity: Reader<readonly CapacitySetting[]> = named((name, text) => {
  const argv = wordsOf(text);
  return argv?.[0]?.startsWith('/') === true && name !== 'agents' ? { name, argv } : undefined;
}, 'name=/path/of/a/program with its arguments, and any name but agents');
