import { createServer, type Server } from 'node:http';

/** As a gate of kind `webhook` takes it. */
export interface Judgement {
  readonly verdict: 'pass' | 'fail' | 'inconclusive';
  readonly words: string;
  readonly values?: Readonly<Record<string, number>>;
}

/** A judge outside of Sluice: answers each question of a gate with what `say` says at that moment. */
export class Judge {
  say: () => Judgement = () => ({ verdict: 'inconclusive', words: 'nobody has asked the shop anything' });

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async serve(port: number): Promise<Judge> {
    const server = createServer((request, response) => {
      request.resume();
      request.on('end', () =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(judge.say())),
      );
    });
    const judge = new Judge(server, `http://127.0.0.1:${port}/`);
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
    return judge;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
