import { open } from 'node:fs/promises';

import { messageOf, SluiceError } from '@sluice/kernel';

const HELD = 1024 * 1024;

/** A file that was not there before, durable when it resolves. Code NOT_WRITTEN. */
export async function newFile(file: string, parts: Iterable<string>): Promise<void> {
  const handle = await open(file, 'wx').catch((error: unknown) => {
    throw new SluiceError('NOT_WRITTEN', `${file} is not written (${messageOf(error)}): name a new folder`);
  });
  try {
    let held = '';
    for (const part of parts) {
      held += part;
      if (held.length < HELD) continue;
      await handle.writeFile(held);
      held = '';
    }
    await handle.writeFile(held);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
