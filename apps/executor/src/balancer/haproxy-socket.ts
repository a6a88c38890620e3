import { connect, type Socket } from 'node:net';

import { SluiceError } from '@sluice/kernel';

/** Where the runtime API listens: `stats socket` in the configuration, with `level admin`. */
export type HaproxyAddress = { readonly host: string; readonly port: number } | { readonly path: string };

/** From the first byte to the last. A runtime API that works answers within milliseconds. */
const ANSWER_WITHIN_MS = 2_000;
/** A backend of 10,000 servers is about 2 MB. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** One line of commands, separated by `;`, and all of the answer. Code BALANCER_UNREACHABLE, with the cause in words. */
export function askHaproxy(address: HaproxyAddress, line: string, withinMs = ANSWER_WITHIN_MS): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: Socket = 'path' in address ? connect(address.path) : connect(address.port, address.host);
    const chunks: Buffer[] = [];
    let bytes = 0;
    const fail = (why: string): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(new SluiceError('BALANCER_UNREACHABLE', `the runtime API of HAProxy: ${why}`));
    };
    const timer = setTimeout(() => fail(`no whole answer within ${withinMs} ms`), withinMs);
    socket.on('error', (error) => fail(error.message === '' ? 'the connection failed' : error.message));
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) fail(`an answer of more than ${MAX_ANSWER_BYTES} bytes`);
      else chunks.push(chunk);
    });
    // It closes after the answer: until then there may be more.
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks).toString('utf8'));
    });
    socket.write(`${line}\n`);
  });
}
