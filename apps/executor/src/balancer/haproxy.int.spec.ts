import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

import { haproxyMissing, NO_HAPROXY, type RunningHaproxy, startHaproxy } from '@sluice/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { HeardEndpoints } from './endpoints.js';
import { askHaproxy } from './haproxy-socket.js';
import { type Backend, codeOf, eventually, serving, startBackend } from './haproxy.suite.js';
import { HaproxyBalancer } from './haproxy.js';
import type { BalancedServer } from './ports.js';

if (haproxyMissing) process.stderr.write(NO_HAPROXY);

const serverOf = (host: string, endpoint?: string): BalancedServer => ({
  backend: 'hello',
  target: { host, app: 'hello', group: 'hello-web' },
  endpoint,
});

describe.skipIf(haproxyMissing)('HAProxy by its runtime API (skipped without haproxy)', () => {
  let apps: Backend[];
  let haproxy: RunningHaproxy;
  let balancer: HaproxyBalancer;

  beforeAll(async () => {
    apps = await Promise.all(['web-01', 'web-02', 'web-03'].map(startBackend));
    haproxy = await startHaproxy(apps.slice(0, 2));
    balancer = new HaproxyBalancer({ path: haproxy.admin });
  });

  afterEach(async () => {
    for (const { name, port } of apps.slice(0, 2)) await balancer.enable(serverOf(name, `127.0.0.1:${port}`));
  });

  afterAll(async () => {
    await haproxy.stop();
    await Promise.all(apps.map((app) => app.stop()));
  });

  it('takes a server out of service and puts it back, as often as it is said', async () => {
    expect(await serving(haproxy)).toEqual(['web-01', 'web-02']);
    await balancer.drain(serverOf('web-01'));
    await balancer.drain(serverOf('web-01'));
    expect(await serving(haproxy)).toEqual(['web-02']);
    await balancer.enable(serverOf('web-01'));
    await balancer.enable(serverOf('web-01'));
    expect(await serving(haproxy)).toEqual(['web-01', 'web-02']);
  });

  it('counts what is under way at a drained server until it has ended', async () => {
    await balancer.drain(serverOf('web-02'));
    const slow = haproxy.get('/slow');
    await eventually(async () => expect(await balancer.sessions(serverOf('web-01'))).toBe(1));
    await balancer.drain(serverOf('web-01'));
    expect(await balancer.sessions(serverOf('web-01'))).toBe(1);
    await balancer.enable(serverOf('web-02'));
    apps[0]?.letGo();
    expect(await slow).toBe('web-01');
    await eventually(async () => expect(await balancer.sessions(serverOf('web-01'))).toBe(0));
  });

  it('XIM-07 enables a host where it is now, by its name, whatever address it had when it was planned', async () => {
    const endpoints = new HeardEndpoints();
    const target = { host: 'web-01', app: 'hello', group: 'hello-web' };
    const hear = (port: number): void =>
      endpoints.hear({
        v: 1,
        host: 'web-01',
        at: 1,
        agent: { version: '1', startedAt: 1 },
        labels: {},
        apps: [
          {
            app: 'hello',
            group: 'hello-web',
            running: null,
            processStartedAt: null,
            serving: true,
            endpoint: `127.0.0.1:${port}`,
            localVersions: [],
          },
        ],
      });
    hear(apps[0]?.port ?? 0);
    await balancer.drain({ backend: 'hello', target, endpoint: await endpoints.endpointOf(target) });
    // It comes back somewhere else: what answers there says so by another name.
    hear(apps[2]?.port ?? 0);
    await balancer.enable({ backend: 'hello', target, endpoint: await endpoints.endpointOf(target) });
    expect(await serving(haproxy)).toEqual(['web-02', 'web-03']);
  });

  it('is refused for a server that is not there, and for a name that would end the command', async () => {
    expect(await codeOf(balancer.drain(serverOf('web-09')))).toBe('DEPENDENCY_REFUSED');
    expect(await codeOf(balancer.drain({ ...serverOf('web-01'), backend: 'other' }))).toBe('DEPENDENCY_REFUSED');
    expect(await codeOf(balancer.drain(serverOf('web-01; shutdown')))).toBe('DEPENDENCY_REFUSED');
    expect(await codeOf(balancer.sessions(serverOf('web-01\ndisable server')))).toBe('DEPENDENCY_REFUSED');
    expect(await serving(haproxy)).toEqual(['web-01', 'web-02']);
  });

  it('speaks TCP as well', async () => {
    const relay = await listen((socket) => {
      socket.once('data', (line: Buffer) => {
        void askHaproxy({ path: haproxy.admin }, line.toString().trim()).then((answer) => socket.end(answer));
      });
    });
    const overTcp = new HaproxyBalancer(relay.address);
    await overTcp.drain(serverOf('web-02'));
    expect(await serving(haproxy)).toEqual(['web-01']);
    await relay.stop();
  });
});

describe('a runtime API that is none', () => {
  it('is told from one that refuses: nobody there, silence, an answer of 500, an answer without end', async () => {
    const gone = await listen(() => undefined);
    await gone.stop();
    const silent = await listen(() => undefined);
    const web = await listen((socket) => socket.end('HTTP/1.1 500 Internal Server Error\r\n\r\n'));
    const endless = await listen((socket) => pour(socket));
    const codes: unknown[] = [];
    for (const { address } of [gone, silent, web, endless]) {
      const quick = new HaproxyBalancer(address, (at, line) => askHaproxy(at, line, 500));
      codes.push(await codeOf(quick.drain(serverOf('web-01'))));
    }
    expect(codes).toEqual(['BALANCER_UNREACHABLE', 'BALANCER_UNREACHABLE', 'BALANCER_ANSWER', 'BALANCER_UNREACHABLE']);
    await Promise.all([silent, web, endless].map((server) => server.stop()));
  });
});

interface Listening {
  readonly address: { readonly host: string; readonly port: number };
  readonly stop: () => Promise<void>;
}

async function listen(onSocket: (socket: Socket) => void): Promise<Listening> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function pour(socket: Socket): void {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}
