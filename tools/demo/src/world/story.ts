/** One thing that the demo claims, and whether it was so. */
export interface Claim {
  readonly chapter: number;
  readonly claim: string;
  readonly ok: boolean;
  readonly figures: Readonly<Record<string, unknown>>;
}

/** Tells what happens as it happens, and keeps what was claimed and checked. */
export class Story {
  readonly claims: Claim[] = [];
  private chapter = 0;
  private readonly begun = Date.now();

  constructor(private readonly write: (line: string) => void) {}

  begin(chapter: number, title: string): void {
    this.chapter = chapter;
    this.write(`\n${this.time()} == ${chapter}. ${title}`);
  }

  tell(text: string): void {
    this.write(`${this.time()} ${text}`);
  }

  /** Records the claim with what was measured; the demo fails at its end when one was not so. */
  claim(claim: string, ok: boolean, figures: Readonly<Record<string, unknown>> = {}): void {
    this.claims.push({ chapter: this.chapter, claim, ok, figures });
    this.write(`${this.time()} ${ok ? 'ok  ' : 'NOT SO'} ${claim} ${JSON.stringify(figures)}`);
  }

  get allTrue(): boolean {
    return this.claims.length > 0 && this.claims.every(({ ok }) => ok);
  }

  get seconds(): number {
    return Math.round((Date.now() - this.begun) / 100) / 10;
  }

  private time(): string {
    return `${this.seconds.toFixed(1).padStart(6)}s`;
  }
}
