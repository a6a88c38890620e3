/** A sound request that is spoiled in one place or in several. */
export const SOUND = {
  app: 'hello',
  group: 'shop',
  version: '9.9.9',
  artifact: { url: 'http://127.0.0.1:9/hello.tar.gz', sha256: 'ab'.repeat(32) },
} as const;

const { artifact } = SOUND;

/** `faults`: path and code of every fault that the outcome must list, and of no other. */
export interface BadRequest {
  readonly what: string;
  readonly payload: string | Uint8Array;
  readonly faults: readonly (readonly [path: string, code: string])[];
}

/** Names that would be a wildcard, a way up, nothing, or worse. */
const NAMES = ['a.>', '../..', '*', '>', 'a b', '', '\u0000', 'a\nb', '\u001b[2J', '\ud800', '.', 'x'.repeat(201)];

const bad = (what: string, more: object, ...faults: BadRequest['faults']): BadRequest => ({
  what,
  payload: JSON.stringify({ ...SOUND, ...more }),
  faults,
});

const unreadable = (what: string, payload: string | Uint8Array, code = 'BAD_JSON'): BadRequest => ({
  what,
  payload,
  faults: [['', code]],
});

/** Texts that are no request at all: over HTTP the gateway refuses them before the planner sees them. */
export const UNREADABLE: readonly BadRequest[] = [
  unreadable('half an object', '{"app":"hello",'),
  unreadable('nothing', ''),
  unreadable('no UTF-8', Uint8Array.of(0xff, 0xfe, 0x00, 0x7b)),
  unreadable('null', 'null', 'BAD_OBJECT'),
  unreadable('a list', '[]', 'BAD_OBJECT'),
  unreadable('a number', '7', 'BAD_OBJECT'),
  unreadable('a well', `${'{"a":'.repeat(60)}1${'}'.repeat(60)}`, 'TOO_DEEP'),
];

/** What HTTP refuses as unreadable, and the planner for its fields. */
export const POISONED: readonly BadRequest[] = [
  {
    what: 'fields by birth',
    payload: JSON.stringify(SOUND).replace('{', '{"__proto__":{"app":"x"},"constructor":1,'),
    faults: [
      ['/__proto__', 'UNKNOWN_FIELD'],
      ['/constructor', 'UNKNOWN_FIELD'],
    ],
  },
];

export const FAULTY: readonly BadRequest[] = [
  bad(
    'unknown fields',
    { oops: 1, artifact: { ...artifact, md5: 'x' } },
    ['/oops', 'UNKNOWN_FIELD'],
    ['/artifact/md5', 'UNKNOWN_FIELD'],
  ),
  bad('a share above the cap', { batches: '51%' }, ['/batches', 'BATCHES_SHARE']),
  bad('a sum of 99', { batches: '50%+49%' }, ['/batches', 'BATCHES_SUM']),
  bad('no term', { batches: '' }, ['/batches', 'BATCHES_SYNTAX']),
  bad('an empty term', { batches: '50%++50%' }, ['/batches', 'BATCHES_SYNTAX']),
  bad('a term of nothing', { batches: '0%+50%+50%' }, ['/batches', 'BATCHES_SHARE']),
  bad('101 terms', { batches: Array(101).fill('1%').join('+') }, ['/batches', 'BATCHES_SYNTAX']),
  bad('one batch in production', { batches: '1' }, ['/batches', 'BATCHES_COUNT']),
  bad('an empty group', { group: 'nobody' }, ['/group', 'EMPTY_GROUP']),
  bad('an unknown group', { group: 'nowhere' }, ['/group', 'GROUP_UNKNOWN']),
  bad("another app's group", { app: 'other' }, ['/app', 'APP_MISMATCH']),
  bad(
    'an app that the subject does not name',
    { app: 'other', group: 'nobody' },
    ['/app', 'APP_MISMATCH'],
    ['/group', 'EMPTY_GROUP'],
  ),
  bad('no digest', { artifact: { url: artifact.url } }, ['/artifact/sha256', 'REQUIRED']),
  bad('a short digest', { artifact: { ...artifact, sha256: 'abc' } }, ['/artifact/sha256', 'BAD_SHA256']),
  ...['ftp://store/x.tgz', 'javascript:alert(1)', '/etc/passwd', 'http://'].map((url) =>
    bad(`the url ${url}`, { artifact: { ...artifact, url } }, ['/artifact/url', 'BAD_URL']),
  ),
  bad('a password in the url', { artifact: { ...artifact, url: 'http://me:secret@store/x.tgz' } }, [
    '/artifact/url',
    'SECRET_IN_URL',
  ]),
  ...NAMES.flatMap((name) => [
    bad(`the app ${JSON.stringify(name)}`, { app: name }, ['/app', 'BAD_NAME']),
    bad(`the group ${JSON.stringify(name)}`, { group: name }, ['/group', 'BAD_NAME']),
    bad(`the id ${JSON.stringify(name)}`, { id: name }, ['/id', 'BAD_NAME']),
    bad(`the version ${JSON.stringify(name)}`, { version: name }, ['/version', 'BAD_VERSION']),
    bad(`the canary ${JSON.stringify(name)}`, { canary: { host: name } }, ['/canary/host', 'BAD_NAME']),
  ]),
  bad(
    'everything at once',
    { app: 'a.>', group: '../..', version: '*', batches: '50%+49%', tailFrom: 1, mode: 'fast', requestedBy: 'me' },
    ['/app', 'BAD_NAME'],
    ['/group', 'BAD_NAME'],
    ['/version', 'BAD_VERSION'],
    ['/batches', 'BATCHES_SUM'],
    ['/tailFrom', 'BAD_NUMBER'],
    ['/mode', 'BAD_CHOICE'],
    ['/requestedBy', 'BAD_OBJECT'],
  ),
];
