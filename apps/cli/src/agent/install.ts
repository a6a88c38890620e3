import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { messageOf } from '@sluice/kernel';

import { CliError, EXIT } from '../client/exit.js';
import { unitText } from './unit.js';

export const UNIT_FOLDER = '/etc/systemd/system';

export interface InstallWish {
  /** The agent's configuration; it must be sound. */
  readonly file: string;
  readonly folder: string;
  /** Of the unit, without `.service`. */
  readonly name: string;
  readonly user: string;
  /** argv of `sluice`. */
  readonly sluice: readonly string[];
}

export interface Unit {
  readonly path: string;
  readonly text: string;
}

/** The unit that `writeUnit` would write. Codes of the exit: usage for a name that is none, error for a bad file. */
export async function unitOf({ file, folder, name, user, sluice }: InstallWish): Promise<Unit> {
  if (!/^[A-Za-z0-9][A-Za-z0-9:_.@-]{0,100}$/.test(name))
    throw new CliError(EXIT.usage, `"${name}" is no name of a unit: letters, digits and : _ . @ -`);
  if (!/^(?:[a-z_][a-z0-9_-]{0,30}\$?|\d{1,10})$/.test(user))
    throw new CliError(EXIT.usage, `"${user}" is no name of a user`);
  const path = resolve(file);
  // A line break in a path would be another line of the unit.
  if (/\p{Cc}/u.test(path)) throw new CliError(EXIT.usage, 'the path of the configuration holds control characters');
  const { readAgentConfig } = await import('@sluice/agent');
  const { host } = await readAgentConfig(path);
  const command = [...sluice, 'agent', '--supervise', path];
  return { path: join(resolve(folder), `${name}.service`), text: unitText({ host, user, command }) };
}

/** Writes it, whole or not at all; false when the same is there already. Exit: conflict when something else is. */
export async function writeUnit({ path, text }: Unit, force: boolean): Promise<boolean> {
  const found = await readFile(path, 'utf8').catch(() => undefined);
  if (found === text) return false;
  if (found !== undefined && !force)
    throw new CliError(EXIT.conflict, `${path} is there already and says something else: look at it, or add --force`);
  const draft = `${path}.draft`;
  try {
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(draft, text);
    await chmod(draft, 0o644);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw new CliError(EXIT.error, `cannot write ${path} (${messageOf(error)}): run it as root, or choose --to`);
  }
  return true;
}
