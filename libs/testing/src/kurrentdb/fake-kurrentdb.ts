import type { FakeStore } from './fake-store.js';

export interface FakeKurrentDbOptions {
  /** Whether it offers the streaming append, which the client prefers. */
  readonly batch: boolean;
}

export interface FakeKurrentDb {
  readonly store: FakeStore;
  /** How a client finds it. */
  readonly url: string;
  /** Cuts every connection, and listens again on the same port. */
  restart(): Promise<void>;
  /** The next append is written, but its answer is lost with the connection of the call. */
  loseNextAnswer(): void;
  stop(): Promise<void>;
}

/**
 * A server for KurrentDB's client, made from the client's own stubs over gRPC in this process: it stands where no real
 * server can be installed, and knows what the log needs. What speaks gRPC is loaded only then.
 */
export async function startFakeKurrentDb(options: FakeKurrentDbOptions): Promise<FakeKurrentDb> {
  const { listenAsKurrentDb } = await import('./fake-server.js');
  return listenAsKurrentDb(options);
}
