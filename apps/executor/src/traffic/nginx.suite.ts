import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { NginxPublisher } from './nginx-publisher.js';

/** Debian has it where only root looks by default. */
const PROGRAM = ['nginx', '/usr/sbin/nginx'].find((each) => spawnSync(each, ['-v']).error === undefined) ?? '';

export const nginxMissing = PROGRAM === '';
export const NO_NGINX = 'skipped: no nginx here (apt-get install nginx-light), its weights are not checked\n';

/** A real nginx on a unix socket: it answers each request with the side that it chose for the id of the request. */
export class RunningNginx {
  private child: ChildProcess | undefined;
  private said = '';

  private constructor(readonly folder: string) {}

  static async start(): Promise<RunningNginx> {
    const nginx = new RunningNginx(await mkdtemp(join(tmpdir(), 'sluice-nginx-')));
    await mkdir(join(nginx.folder, 'weights'));
    await writeFile(
      join(nginx.folder, 'weights', 'shop.conf'),
      'split_clients "$request_id" $sluice_shop { * "blue"; }\n',
    );
    await writeFile(nginx.config, nginx.configText());
    const argv = ['-c', nginx.config, '-e', 'stderr', '-g', 'daemon off;'];
    nginx.child = spawn(PROGRAM, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
    nginx.child.stderr?.on('data', (text: Buffer) => (nginx.said += text.toString()));
    for (const until = Date.now() + 30_000; (await nginx.get('1')) === undefined;) {
      if (nginx.child.exitCode !== null || Date.now() > until) throw new Error(`nginx did not start: ${nginx.said}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return nginx;
  }

  publisher(key = '$http_x_id'): NginxPublisher {
    const nginx = [PROGRAM, '-c', this.config, '-e', 'stderr'];
    return new NginxPublisher({
      folder: join(this.folder, 'weights'),
      test: [...nginx, '-t'],
      reload: [...nginx, '-s', 'reload'],
      key,
    });
  }

  weightsFile(): Promise<string> {
    return readFile(join(this.folder, 'weights', 'shop.conf'), 'utf8');
  }

  get(id: string): Promise<string | undefined> {
    return new Promise((resolve) => {
      const asked = { socketPath: join(this.folder, 'door.sock'), path: '/', agent: false, headers: { 'x-id': id } };
      request(asked, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve(text));
      })
        .on('error', () => resolve(undefined))
        .end();
    });
  }

  async stop(): Promise<void> {
    if (this.child !== undefined && this.child.exitCode === null) {
      const ended = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      await ended;
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  private get config(): string {
    return join(this.folder, 'nginx.conf');
  }

  private configText(): string {
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `  ${name}_temp_path ${join(this.folder, name)};`,
    );
    return [
      `pid ${join(this.folder, 'nginx.pid')};`,
      'worker_processes 1;',
      // As root nginx gives its workers to somebody else, who cannot reach a folder of this user.
      ...(process.getuid?.() === 0 ? ['user root;'] : []),
      'events { worker_connections 64; }',
      'http {',
      '  access_log off;',
      ...temporary,
      `  include ${join(this.folder, 'weights')}/*.conf;`,
      `  server { listen unix:${join(this.folder, 'door.sock')}; location / { return 200 $sluice_shop; } }`,
      '}',
      '',
    ].join('\n');
  }
}
