/** One thing that the demo claims, and whether it was so. */
export interface Claim {
  readonly chapter: number;
  readonly claim: string;
  readonly ok: boolean;
  readonly figures: Readonly<Record<string, unknown>>;
}

type Write = (line: string) => void;

/** What happens meanwhile: told when its turn comes, with the times when it happened. */
export interface Aside {
  readonly story: Story;
  /** Its turn has come: what was kept is told, and everything from now on at once. */
  tell(): void;
}

/** Tells what happens as it happens, and keeps what was claimed and checked. */
export class Story {
  constructor(
    private readonly write: Write,
    private chapter = 0,
    private readonly kept: Claim[] = [],
    private readonly begun = Date.now(),
  ) {}

  begin(chapter: number, title: string): void {
    this.chapter = chapter;
    this.write(`\n${this.time()} == ${chapter}. ${title}`);
  }

  tell(text: string): void {
    this.write(`${this.time()} ${text}`);
  }

  /** What a program printed, as it is. */
  quote(text: string): void {
    for (const line of text.trimEnd().split('\n')) this.tell(`  ${line}`);
  }

  /** Records the claim with what was measured; the demo fails at its end when one was not so. */
  claim(claim: string, ok: boolean, figures: Readonly<Record<string, unknown>> = {}): void {
    this.kept.push({ chapter: this.chapter, claim, ok, figures });
    this.write(`${this.time()} ${ok ? 'ok  ' : 'NOT SO'} ${claim} ${JSON.stringify(figures)}`);
  }

  /** For what is played meanwhile: the rest of this chapter, or another one. */
  aside(): Aside {
    const lines: string[] = [];
    let write: Write = (line) => void lines.push(line);
    return {
      story: new Story((line) => write(line), this.chapter, this.kept, this.begun),
      tell: () => {
        write = this.write;
        for (const line of lines.splice(0)) write(line);
      },
    };
  }

  /** In the order of the chapters. */
  get claims(): readonly Claim[] {
    return this.kept.toSorted((one, other) => one.chapter - other.chapter);
  }

  get allTrue(): boolean {
    return this.kept.length > 0 && this.kept.every(({ ok }) => ok);
  }

  get seconds(): number {
    return Math.round((Date.now() - this.begun) / 100) / 10;
  }

  private time(): string {
    return `${this.seconds.toFixed(1).padStart(6)}s`;
  }
}
