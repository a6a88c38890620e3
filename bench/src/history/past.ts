import { unitOf } from '@sluice/archiver';
import { encodeCommit, sha256, streamKey } from '@sluice/contracts';
import { ArchiveWriter, DirectoryArchiveStore, type RawCommit, type UnitToArchive } from '@sluice/event-log';
import { SluiceError } from '@sluice/kernel';
import { finishedRollout, type PastRollout, pastRolloutId } from '@sluice/testing';

/** Rollouts of a segment; what the archiver writes too. */
const PER_SEGMENT = 500;
const GROUPS = 1_000;
const APPS = 20;
const HOSTS = 3;
const BEGIN = Date.UTC(2020, 0, 1);
/** 200,000 rollouts in five and a half years. */
const APART_MS = 870_000;

export const groupOf = (index: number): string => `group-${index % GROUPS}`;
export const appOf = (index: number): string => `app-${index % APPS}`;
export const timeOf = (index: number): number => BEGIN + index * APART_MS;

export function pastAt(index: number): PastRollout {
  const token = Math.floor(index / GROUPS) + 1;
  return { app: appOf(index), group: groupOf(index), version: `${token}.0.0`, token, hosts: HOSTS, at: timeOf(index) };
}

/** Appends finished rollouts to an archive, as the archiver would have over the years: real commits, real segments. */
export class Past {
  readonly store: DirectoryArchiveStore;
  private readonly writer: ArchiveWriter;
  private position = 0;
  private written = 0;
  /** Bytes of all files, and of the commits. */
  readonly sums = { bytes: 0, rawBytes: 0, ms: 0 };

  private constructor(folder: string) {
    this.store = new DirectoryArchiveStore(folder);
    this.writer = new ArchiveWriter(this.store);
  }

  static async begin(folder: string): Promise<Past> {
    const past = new Past(folder);
    await past.writer.open();
    return past;
  }

  /** Until the archive holds so many rollouts. */
  async growTo(count: number): Promise<void> {
    const start = performance.now();
    while (this.written < count) {
      const size = Math.min(PER_SEGMENT, count - this.written);
      const units = Array.from({ length: size }, (_, i) => this.unit(this.written + i));
      const { data, summaries, segment } = await this.writer.write(units, timeOf(this.written + size));
      await this.writer.markPurged(segment);
      this.sums.bytes += data.bytes + summaries.bytes;
      this.sums.rawBytes += data.rawBytes;
      this.written += size;
    }
    this.sums.ms += performance.now() - start;
  }

  private unit(index: number): UnitToArchive {
    const past = pastAt(index);
    const heads = new Map<string, { rev: number; hash: string }>();
    const commits: RawCommit[] = [];
    for (const { stream, id, at, events } of finishedRollout(past)) {
      if (stream.writer === 'group') continue;
      const key = streamKey(stream);
      const { rev, hash: prev } = heads.get(key) ?? { rev: 0, hash: '' };
      const bytes = encodeCommit({ id, stream, rev: rev + 1, at, prev, events });
      heads.set(key, { rev: rev + 1, hash: sha256(bytes) });
      commits.push({ stream, position: (this.position += 1), bytes });
    }
    const unit = unitOf(pastRolloutId(past), commits);
    if (unit === undefined) throw new SluiceError('BENCH_INCOMPLETE', `rollout ${index} of the past has no end`);
    return unit;
  }
}
