import type { Command } from 'commander';

import type { NewTokenView, Page, TokenView } from '@sluice/gateway';
import type { Actor } from '@sluice/kernel';

import { instant, pairs, table } from '../output/table.js';
import { withStore } from './token-store.js';
import { examples, type Shell, shellOf, show, type Surroundings } from './shell.js';

interface Creating {
  readonly role: readonly string[];
  readonly expires?: string;
  readonly note?: string;
  readonly nats?: string;
}

const NATS = [
  '--nats <url>',
  'past the API, where the tokens are kept: for the first one, or when all are lost',
] as const;
const PAGE = 500;
/** Who makes tokens past the API. */
const BY: Actor = { id: 'sluice-token', kind: 'service' };

export function addTokens(program: Command, surroundings: Surroundings): void {
  const token = program
    .command('token')
    .description('who may call the API: roles viewer, operator, approver, admin, everywhere or in named groups')
    .addHelpText('after', examples('sluice token create user:ana --role admin', 'sluice token list'));
  addCreate(token, surroundings);
  addList(token, surroundings);
  addRevoke(token, surroundings);
  program
    .command('whoami')
    .description('who you are for the API, and what you may')
    .addHelpText('after', examples('sluice whoami', 'SLUICE_TOKEN=... sluice whoami -o json'))
    .action(async (_options: object, command: Command) => {
      const shell = shellOf(command, surroundings);
      show(shell, await shell.api.call<Pick<TokenView, 'grants'> & { actor: Actor }>('getMe'), ({ actor, grants }) =>
        pairs([
          ['you are', `${actor.kind}:${actor.id}`],
          ['you have', grantsInWords(grants)],
        ]),
      );
    });
}

function addCreate(token: Command, surroundings: Surroundings): void {
  token
    .command('create')
    .description('make a token; it is shown once. From the first one on, every call needs one')
    .argument('<subject>', 'whom it stands for: user:ana, service:ci')
    .requiredOption('--role <role...>', 'viewer, operator, approver, admin; in named groups as operator:web,db')
    .option('--expires <duration>', 'how long it counts, such as 30d; without end when left out')
    .option('--note <text>', 'what it is for')
    .option(...NATS)
    .addHelpText(
      'after',
      examples(
        'sluice token create user:ana --role admin --nats nats://127.0.0.1:4222',
        'sluice token create service:ci --role operator:hello-web --expires 30d --note "release job"',
      ),
    )
    .action(async (subject: string, options: Creating, command: Command) => {
      const shell = shellOf(command, surroundings);
      show(shell, await create(shell, subject, options), createdText);
    });
}

async function create(
  shell: Shell,
  subject: string,
  { role: roles, expires, note, nats }: Creating,
): Promise<NewTokenView> {
  const wish = {
    ...{ subject, roles },
    ...(expires === undefined ? {} : { expiresIn: expires }),
    ...(note === undefined ? {} : { note }),
  };
  if (nats === undefined) return shell.api.call<NewTokenView>('createToken', { body: wish });
  return withStore(shell, nats, async (store, { newToken, viewOf }) => {
    const { token, record } = await store.create(newToken(wish, BY, shell.now()));
    return { ...viewOf(record), token };
  });
}

function addList(token: Command, surroundings: Surroundings): void {
  token
    .command('list')
    .description('tokens, the oldest first; never their text')
    .option(...NATS)
    .addHelpText('after', examples('sluice token list', 'sluice token list -o jsonl'))
    .action(async ({ nats }: { nats?: string }, command: Command) => {
      const shell = shellOf(command, surroundings);
      show(shell, await list(shell, nats), (rows) => tokensTable(rows, shell.now()));
    });
}

async function list(shell: Shell, nats: string | undefined): Promise<readonly TokenView[]> {
  if (nats !== undefined)
    return withStore(shell, nats, async (store, { viewOf }) => (await store.all()).map((record) => viewOf(record)));
  const rows: TokenView[] = [];
  let cursor: string | undefined;
  do {
    const page: Page<TokenView> = await shell.api.call('listTokens', { query: { cursor, limit: PAGE } });
    rows.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return rows;
}

function addRevoke(token: Command, surroundings: Surroundings): void {
  token
    .command('revoke')
    .description('take a token back: from now on it is refused')
    .argument('<id>', 'as `sluice token list` shows it')
    .option(...NATS)
    .addHelpText('after', examples('sluice token revoke 01J...'))
    .action(async (id: string, { nats }: { nats?: string }, command: Command) => {
      const shell = shellOf(command, surroundings);
      const revoked =
        nats === undefined
          ? await shell.api.call<TokenView>('revokeToken', { path: { id } })
          : await withStore(shell, nats, async (store, { viewOf }) => viewOf(await store.revoke(id, BY)));
      show(shell, revoked, ({ subject }) => [`the token of ${subject.kind}:${subject.id} is taken back`]);
    });
}

const grantsInWords = (grants: TokenView['grants']): string =>
  grants.map(({ role, groups }) => (groups === '*' ? role : `${role} in ${groups.join(', ')}`)).join('; ');

const createdText = ({ id, subject, grants, expiresAt, token }: NewTokenView): string[] => [
  ...pairs([
    ['token', token],
    ['id', id],
    ['of', `${subject.kind}:${subject.id}`],
    ['may', grantsInWords(grants)],
    ['until', expiresAt === null ? 'it is taken back' : instant(expiresAt)],
  ]),
  'It is shown now and never again: put it into SLUICE_TOKEN.',
];

const tokensTable = (rows: readonly TokenView[], now: number): string[] =>
  table(
    ['ID', 'OF', 'MAY', 'MADE', 'STATE', 'NOTE'],
    rows.map((row) => [
      row.id,
      `${row.subject.kind}:${row.subject.id}`,
      grantsInWords(row.grants),
      instant(row.createdAt),
      stateOf(row, now),
      row.note ?? '',
    ]),
  );

function stateOf({ revokedAt, expiresAt }: TokenView, now: number): string {
  if (revokedAt !== null) return `taken back ${instant(revokedAt)}`;
  if (expiresAt === null) return 'counts';
  return expiresAt <= now ? 'past its time' : `until ${instant(expiresAt)}`;
}
