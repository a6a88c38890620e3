import { constants, createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

import { messageOf, SluiceError } from '@sluice/kernel';

const MAX_REDIRECTS = 5;

/** The bytes behind an artifact's url. Codes DOWNLOAD_FAILED, and DOWNLOAD_REFUSED where another try cannot help. */
export function openArtifact(url: string, signal: AbortSignal): Promise<Readable> {
  const parsed = parseUrl(url);
  return parsed.protocol === 'file:' ? openFile(parsed) : openHttp(parsed, signal, MAX_REDIRECTS);
}

const refused = (message: string): SluiceError => new SluiceError('DOWNLOAD_REFUSED', message);

function parseUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed !== undefined && ['http:', 'https:', 'file:'].includes(parsed.protocol)) return parsed;
  throw refused('the artifact needs an url that begins with http://, https:// or file://');
}

async function openFile(url: URL): Promise<Readable> {
  const path = pathOf(url);
  // Without O_NONBLOCK opening a pipe would wait for ever; what is opened must then prove to be a file.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: unknown) => {
    throw refused(`cannot open the artifact: ${messageOf(cause)}`);
  });
  if (!(await handle.stat()).isFile()) {
    await handle.close();
    throw refused(`the artifact ${path} is no file`);
  }
  return createReadStream(path, { fd: handle });
}

function pathOf(url: URL): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw refused(`the artifact's url names no file of this host: ${messageOf(cause)}`);
  }
}

async function openHttp(url: URL, signal: AbortSignal, redirects: number): Promise<Readable> {
  const response = await get(url, signal);
  const status = response.statusCode ?? 0;
  if (status === 200) return response;
  response.destroy();
  if (status >= 300 && status < 400 && response.headers.location !== undefined) {
    return openHttp(redirected(url, response.headers.location, redirects), signal, redirects - 1);
  }
  const message = `${url.origin} answered ${status} for the artifact`;
  throw status >= 500 || status === 429 ? new SluiceError('DOWNLOAD_FAILED', message) : refused(message);
}

/** http may become https; every other change of scheme is refused, above all one to file:. */
function redirected(from: URL, location: string, left: number): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  const sameScheme = to?.protocol === from.protocol || (from.protocol === 'http:' && to?.protocol === 'https:');
  if (to === undefined || !sameScheme)
    throw refused(`${from.origin} redirects the artifact to another scheme: give the final url`);
  if (left <= 0)
    throw refused(`${from.origin} redirects the artifact more than ${MAX_REDIRECTS} times: give the final url`);
  return to;
}

function get(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
  const options = { signal, agent: false, headers: { accept: '*/*' } } as const;
  return new Promise((resolve, reject) => {
    const outgoing =
      url.protocol === 'https:' ? httpsRequest(url, options, resolve) : httpRequest(url, options, resolve);
    outgoing.once('error', (cause) => {
      reject(
        new SluiceError(
          'DOWNLOAD_FAILED',
          `cannot reach ${url.origin} for the artifact: ${messageOf(cause)}`,
          {},
          { cause },
        ),
      );
    });
    outgoing.end();
  });
}
