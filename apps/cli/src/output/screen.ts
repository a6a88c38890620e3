import type { Terminal } from '../commands/shell.js';
import { printable } from './printable.js';

const UP_AND_CLEAR = '\u001b[1A\u001b[2K';

/** Lines that go by, and some at the foot that are written over. */
export class Screen {
  private shown: readonly string[] = [];

  constructor(private readonly terminal: Terminal) {}

  line(text: string): void {
    this.terminal.write(`${this.cleared()}${textOf([text, ...this.shown])}`);
  }

  /** The same foot again writes nothing. */
  foot(lines: readonly string[]): void {
    if (lines.length === this.shown.length && lines.every((line, i) => line === this.shown[i])) return;
    const cleared = this.cleared();
    this.shown = lines;
    this.terminal.write(cleared + textOf(lines));
  }

  /** What stands at the foot stays. */
  end(): void {
    this.shown = [];
  }

  private cleared(): string {
    return UP_AND_CLEAR.repeat(this.shown.length);
  }
}

const textOf = (lines: readonly string[]): string => lines.map((line) => `${printable(line)}\n`).join('');
