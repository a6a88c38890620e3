import type { StreamName } from '@sluice/contracts';

import type { RawCommit } from '../recorded.js';

/** What the archiver asks of a log besides the port: the bytes as they stand there, and to take away what is archived. */
export interface ArchiveSource {
  /** The commits of all writers of one id in the order of the log, up to its end when the read began. */
  raw(source: Pick<StreamName, 'shard' | 'id'>): AsyncIterable<RawCommit>;
  /** Takes away the commits of a stream up to and with that log position. Done again it does nothing. */
  purge(stream: StreamName, through: number): Promise<void>;
}
