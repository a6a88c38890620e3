import { open, readFile, stat } from 'node:fs/promises';

import { messageOf } from '@sluice/kernel';
import { parseSignerKey, parseVerifierKey, type SignerKey, type VerifierKey } from '@sluice/proof';

import { CliError, EXIT } from '../client/exit.js';

/** Keys, checkpoints and proofs are small: anything larger is another file. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;
const KEY_TEXT = /^[^+\s]+\+[\da-f]{8}\+\S+$/;

/** Ends the command with 1: it could not be said whether all is well. */
export const couldNot = (words: string): CliError => new CliError(EXIT.error, words);

export async function smallFile(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MAX_FILE_BYTES) throw couldNot(`${file} has ${size} bytes: that is no key, checkpoint or proof`);
    return await readFile(file, 'utf8');
  } catch (error) {
    throw error instanceof CliError ? error : couldNot(`${file} cannot be read: ${messageOf(error)}`);
  }
}

/** A verifier key as it is written, or the file that holds it. Code BAD_KEY. */
export const verifierOf = async (given: string): Promise<VerifierKey> =>
  parseVerifierKey(KEY_TEXT.test(given) ? given : await smallFile(given));

export const verifiersOf = (given: readonly string[]): Promise<VerifierKey[]> => Promise.all(given.map(verifierOf));

/** Code BAD_KEY; what the file holds is never repeated. */
export const signerOf = async (file: string): Promise<SignerKey> => parseSignerKey(await smallFile(file));

/** A file that was not there before: nobody's key or proof is written over. */
export async function newFile(file: string, text: string, mode = 0o644): Promise<void> {
  try {
    const handle = await open(file, 'wx', mode);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw couldNot(`${file} is not written: ${messageOf(error)}`);
  }
}

/** For options that are given several times. */
export const gathered = (value: string, before: readonly string[]): readonly string[] => [...before, value];
