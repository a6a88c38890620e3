import { constants, createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

import { messageOf, SluiceError } from '@sluice/kernel';

const MAX_REDIRECTS = 5;

/** What is there already. A server that calls the file by another `validator` now sends all of it. */
export interface Resume {
  readonly from: number;
  readonly validator?: string;
}

/** Bytes of an artifact from place `from` on, and what the server calls this state of the file. */
export interface Opened {
  readonly bytes: Readable;
  readonly from: number;
  readonly validator?: string;
}

/**
 * The bytes behind an artifact's url. Codes DOWNLOAD_FAILED, DOWNLOAD_REFUSED where another try cannot help, and
 * RANGE_REFUSED when it must begin anew.
 */
export function openArtifact(url: string, signal: AbortSignal, resume: Resume = { from: 0 }): Promise<Opened> {
  const parsed = parseUrl(url);
  return parsed.protocol === 'file:'
    ? openFile(parsed, signal)
    : openHttp({ url: parsed, signal, resume, redirects: MAX_REDIRECTS });
}

const refused = (message: string): SluiceError => new SluiceError('DOWNLOAD_REFUSED', message);

function parseUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed !== undefined && ['http:', 'https:', 'file:'].includes(parsed.protocol)) return parsed;
  throw refused('the artifact needs an url that begins with http://, https:// or file://');
}

async function openFile(url: URL, signal: AbortSignal): Promise<Opened> {
  const path = pathOf(url);
  // Without O_NONBLOCK opening a pipe would wait for ever; what is opened must then prove to be a file.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: unknown) => {
    throw refused(`cannot open the artifact: ${messageOf(cause)}`);
  });
  if (!(await handle.stat()).isFile()) {
    await handle.close();
    throw refused(`the artifact ${path} is no file`);
  }
  return { bytes: createReadStream(path, { fd: handle, signal }), from: 0 };
}

function pathOf(url: URL): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw refused(`the artifact's url names no file of this host: ${messageOf(cause)}`);
  }
}

interface HttpWish {
  readonly url: URL;
  readonly signal: AbortSignal;
  readonly resume: Resume;
  readonly redirects: number;
}

async function openHttp(wish: HttpWish): Promise<Opened> {
  const { url, resume } = wish;
  const response = await get(wish);
  const { statusCode: status = 0, headers } = response;
  if (status === 200) return opened(response, 0);
  if (status === 206 && resume.from > 0 && startOf(headers) === resume.from) return opened(response, resume.from);
  response.destroy();
  if (status >= 300 && status < 400 && headers.location !== undefined) {
    const to = redirected(url, headers.location, wish.redirects);
    return openHttp({ ...wish, url: to, redirects: wish.redirects - 1 });
  }
  throw faultOf(wish, status);
}

/** 408 and 429 ask to come back; every other 4xx stays what it is. */
function faultOf({ url, resume }: HttpWish, status: number): SluiceError {
  const message = `${url.origin} answered ${status} for the artifact`;
  if (resume.from > 0 && (status === 206 || status === 416)) return new SluiceError('RANGE_REFUSED', message);
  const later = status >= 500 || status === 408 || status === 429;
  return later ? new SluiceError('DOWNLOAD_FAILED', message) : refused(message);
}

function opened(response: IncomingMessage, from: number): Opened {
  const validator = validatorOf(response.headers);
  return { bytes: response, from, ...(validator === undefined ? {} : { validator }) };
}

/** A weak ETag does not promise the same bytes (RFC 9110, 13.1.5). */
function validatorOf(headers: IncomingHttpHeaders): string | undefined {
  const { etag, 'last-modified': modified } = headers;
  return etag !== undefined && !etag.startsWith('W/') ? etag : modified;
}

/** The first place of `bytes 5-9/10`. */
function startOf(headers: IncomingHttpHeaders): number | undefined {
  const match = /^bytes (\d{1,15})-\d+\/(?:\d+|\*)$/.exec(headers['content-range'] ?? '');
  return match?.[1] === undefined ? undefined : Number(match[1]);
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

function headersOf({ from, validator }: Resume): Readonly<Record<string, string>> {
  // A compressed answer would have other bytes than the file, at other places.
  const base = { accept: '*/*', 'accept-encoding': 'identity' };
  if (from === 0) return base;
  return { ...base, range: `bytes=${from}-`, ...(validator === undefined ? {} : { 'if-range': validator }) };
}

function get({ url, signal, resume }: HttpWish): Promise<IncomingMessage> {
  const options = { signal, agent: false, headers: headersOf(resume) } as const;
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
