import { connectNats, provision } from '@sluice/messaging';
import { startNatsServer } from '@sluice/testing';

/** A nats-server of its own with everything that Sluice needs; ended whatever comes of `work`. */
export async function withBus<T>(work: (servers: string, pid: number) => Promise<T>): Promise<T> {
  const server = await startNatsServer();
  try {
    const nats = await connectNats({ servers: server.url, name: 'bench' });
    await provision(nats);
    await nats.close();
    return await work(server.url, server.pid);
  } finally {
    await server.stop();
  }
}
