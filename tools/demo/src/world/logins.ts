import { createServer, type Server } from 'node:http';

const LOGINS_EVERY_MS = 100;

/**
 * What the hosts are there for: each lets so many people in. With the new value a small share of logins fails on each
 * host: too few to see on one, and an objective that is not met when many have it. Prometheus reads it at `/metrics`.
 */
export class Logins {
  private ok = 0;
  private failed = 0;
  private readonly timer: NodeJS.Timeout;

  private constructor(
    private readonly server: Server,
    /** `bad` of all its hosts fail one in `oneIn` of their logins. */
    private readonly hosts: () => { readonly all: number; readonly bad: number; readonly oneIn: number },
  ) {
    this.timer = setInterval(() => this.pass(), LOGINS_EVERY_MS);
  }

  static async serve(port: number, hosts: Logins['hosts']): Promise<Logins> {
    const server = createServer((asked, response) => {
      asked.resume();
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(logins.text());
    });
    const logins = new Logins(server, hosts);
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
    return logins;
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private pass(): void {
    const { all, bad, oneIn } = this.hosts();
    const failing = bad / oneIn;
    this.failed += failing;
    this.ok += all - failing;
  }

  private text(): string {
    return `logins_total{result="ok"} ${this.ok}\nlogins_total{result="failed"} ${this.failed}\n`;
  }
}
