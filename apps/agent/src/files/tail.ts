import { open } from 'node:fs/promises';

/** How much of a step's output is kept. */
export const KEPT_OUTPUT_BYTES = 64 * 1024;

/** The last bytes of a file, or nothing when it cannot be read. */
export async function tailOf(path: string, bytes = KEPT_OUTPUT_BYTES): Promise<Buffer> {
  try {
    const handle = await open(path, 'r');
    try {
      const { size } = await handle.stat();
      const buffer = Buffer.alloc(Math.min(size, bytes));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, Math.max(0, size - bytes));
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch {
    return Buffer.alloc(0);
  }
}

/** The last line that says something, on one line and at most `max` characters. */
export function lastLine(output: Buffer | string, max = 300): string {
  const lines = String(output).trimEnd().split(/\r?\n/);
  return oneLine(lines.findLast((line) => line.trim() !== '') ?? '', max);
}

/** Text from outside as one printable line of at most `max` characters. */
export function oneLine(text: string, max = 300): string {
  // eslint-disable-next-line no-control-regex -- control characters of a program's output must not reach a terminal
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();
  return clean.length <= max ? clean : `${clean.slice(0, max - 1)}…`;
}

/** Keeps the last `max` bytes of what is written to it. */
export class TailBuffer {
  private chunks: Buffer[] = [];
  private size = 0;

  constructor(private readonly max = KEPT_OUTPUT_BYTES) {}

  write(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.size += chunk.length;
    if (this.size > 2 * this.max) this.chunks = [this.read()];
    this.size = this.chunks.reduce((sum, { length }) => sum + length, 0);
  }

  read(): Buffer {
    const all = Buffer.concat(this.chunks);
    return all.subarray(Math.max(0, all.length - this.max));
  }
}
