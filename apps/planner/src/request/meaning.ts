import { encodeToken, type Fault } from '@sluice/contracts';
import { isSluiceError } from '@sluice/kernel';

import { childPath } from './pointer.js';

/** Fields of a request, of the right form or absent. */
export type Fields = Readonly<Record<string, unknown>>;

/** What a JSON Schema cannot say: bytes of names, addresses, and the app that the subject names. */
export function meaningFaults(fields: Fields, subjectApp: string | undefined): readonly Fault[] {
  const canary = fields['canary'] as Fields | undefined;
  const artifact = fields['artifact'] as Fields | undefined;
  const traffic = fields['traffic'] as Fields | undefined;
  const artifacts = Object.entries((traffic?.['artifacts'] ?? {}) as Readonly<Record<string, Fields>>);
  return [
    ...['id', 'app', 'group', 'template'].flatMap((name) => nameFaults(`/${name}`, fields[name])),
    ...nameFaults('/canary/host', canary?.['host']),
    ...artifactFaults('/artifact', artifact),
    ...artifacts.flatMap(([service, own]) => artifactFaults(childPath('/traffic/artifacts', service), own)),
    ...subjectFaults(fields['app'], subjectApp),
  ];
}

function artifactFaults(path: string, artifact: Fields | undefined): readonly Fault[] {
  const sources = (artifact?.['sources'] ?? []) as readonly Fields[];
  return [
    ...urlFaults(`${path}/url`, artifact?.['url']),
    ...sources.flatMap(({ site, url }, i) => [
      ...nameFaults(`${path}/sources/${i}/site`, site),
      ...urlFaults(`${path}/sources/${i}/url`, url),
    ]),
  ];
}

function nameFaults(path: string, name: unknown): readonly Fault[] {
  if (typeof name !== 'string') return [];
  try {
    encodeToken(name);
    return [];
  } catch (error) {
    if (!isSluiceError(error, 'BAD_NAME')) throw error;
    return [{ path, code: error.code, message: error.message }];
  }
}

function urlFaults(path: string, text: unknown): readonly Fault[] {
  if (typeof text !== 'string') return [];
  if (!URL.canParse(text)) return [{ path, code: 'BAD_URL', message: 'is no address: check its host and port' }];
  const url = new URL(text);
  if (url.username === '' && url.password === '') return [];
  const message = 'must not hold a user or a password: a request is kept in the log, so give agents access another way';
  return [{ path, code: 'SECRET_IN_URL', message }];
}

function subjectFaults(app: unknown, subjectApp: string | undefined): readonly Fault[] {
  if (typeof app !== 'string' || subjectApp === undefined || app === subjectApp) return [];
  const message = `differs from the app "${subjectApp}" of the subject that the request was published on: make them equal`;
  return [{ path: '/app', code: 'APP_MISMATCH', message }];
}
