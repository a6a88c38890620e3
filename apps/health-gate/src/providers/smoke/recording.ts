import { open } from 'node:fs/promises';
import { basename } from 'node:path';

import { isSluiceError, SluiceError } from '@sluice/kernel';

import { SMOKE_LIMITS, type SmokeRequest } from './port.js';
import { requestOf } from './requests.js';

/** The first requests of a JSONL file, one object a line; empty lines do not count. Code RECORDING_INVALID. */
export async function readRecording(path: string | undefined, limit: number): Promise<readonly SmokeRequest[]> {
  if (path === undefined) throw invalid('the source has no recording: give it recording=/path in SLUICE_GATE_SOURCES');
  const name = basename(path);
  const requests: SmokeRequest[] = [];
  for (const [i, line] of (await textOf(path, name)).split('\n').entries()) {
    if (line.trim() === '') continue;
    if (requests.length >= limit) break;
    requests.push(requestOf(parsed(line, `${name} line ${i + 1}`), `${name} line ${i + 1}`));
  }
  return requests;
}

function parsed(line: string, where: string): unknown {
  if (line.length > SMOKE_LIMITS.line) throw invalid(`${where} has more than ${SMOKE_LIMITS.line} characters`);
  try {
    return JSON.parse(line) as unknown;
  } catch {
    throw invalid(`${where} is no JSON: write one request in each line`);
  }
}

async function textOf(path: string, name: string): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const stat = await file.stat();
      if (!stat.isFile()) throw invalid(`${name} is no file`);
      if (stat.size > SMOKE_LIMITS.fileBytes)
        throw invalid(`${name} has more than ${SMOKE_LIMITS.fileBytes} bytes: split it`);
      const buffer = Buffer.alloc(stat.size);
      const { bytesRead } = await file.read(buffer, 0, stat.size, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isSluiceError(error)) throw error;
    throw invalid(`${name} cannot be read: put it where SLUICE_GATE_SOURCES names it`);
  }
}

const invalid = (words: string): SluiceError => new SluiceError('RECORDING_INVALID', words);
