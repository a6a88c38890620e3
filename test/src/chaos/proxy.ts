import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** The wire between one program and NATS, on loopback: it can be cut, and it can hang. */
export class Proxy {
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private mode: 'through' | 'cut' | 'hung' = 'through';

  private constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {
    server.on('connection', (near: Socket) => this.join(near));
  }

  static async to(target: number): Promise<Proxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Proxy(server, target);
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Drops every connection and takes no other one. */
  cut(): void {
    this.mode = 'cut';
    for (const pair of this.pairs) for (const socket of pair) socket.resetAndDestroy();
  }

  /** Carries nothing any more, and tells nobody. */
  hang(): void {
    this.mode = 'hung';
    for (const pair of this.pairs) for (const socket of pair) socket.pause();
  }

  heal(): void {
    this.mode = 'through';
    for (const pair of this.pairs) for (const socket of pair) socket.resume();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(near: Socket): void {
    if (this.mode === 'cut') return void near.resetAndDestroy();
    const far = connect(this.target, '127.0.0.1');
    const pair = [near, far] as const;
    this.pairs.add(pair);
    for (const [from, to] of [pair, [far, near] as const]) {
      from.setNoDelay(true);
      // Not `pipe`, which would resume what hangs.
      from.on('data', (piece: Buffer) => {
        if (!to.write(piece)) from.pause();
      });
      to.on('drain', () => (this.mode === 'hung' ? undefined : from.resume()));
      from.on('error', () => undefined);
      from.on('close', () => {
        to.destroy();
        this.pairs.delete(pair);
      });
      if (this.mode === 'hung') from.pause();
    }
  }
}
