import { readFile } from 'node:fs/promises';

import { SluiceError } from '@sluice/kernel';

import type { Environment } from './load.js';

const MAX_LENGTH = 8_192;

/**
 * The secret that `env:NAME` or `file:/path` points to, read anew at each call so that it can be replaced while a
 * service runs. Code SECRET_UNREADABLE names the place and never the content.
 */
export async function readSecret(reference: string, env: Environment = process.env): Promise<string> {
  const place = reference.slice(reference.indexOf(':') + 1);
  const text = reference.startsWith('env:') ? env[place] : await textOf(place);
  const secret = text?.trim() ?? '';
  if (/^[\x20-\x7e]+$/.test(secret) && secret.length <= MAX_LENGTH) return secret;
  const message = `the secret at ${reference} is missing, or no line of up to ${MAX_LENGTH} visible characters: put it there`;
  throw new SluiceError('SECRET_UNREADABLE', message, { reference });
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}
