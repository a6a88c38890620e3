import { isSluiceError } from '@sluice/kernel';
import { describe, expect, it } from 'vitest';

import { type ConfigFault, loadConfig, unknownSettings } from './load.js';
import { SETTINGS } from './settings.js';

function faultsOf(env: Record<string, string>): readonly ConfigFault[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (isSluiceError(error, 'CONFIG_INVALID')) return error.details['faults'] as readonly ConfigFault[];
    throw error;
  }
  return [];
}

describe('loadConfig', () => {
  it('has a default for everything', () => {
    const config = loadConfig({});
    expect(config).toMatchObject({ natsUrl: 'nats://127.0.0.1:4222', logLevel: 'info', notifyRetention: 604_800_000 });
    expect(Object.keys(config)).toEqual(Object.keys(SETTINGS));
  });

  it('reads what is set, and takes an empty variable for none', () => {
    const env = { SLUICE_NATS_URL: 'nats://a:4222,tls://b:4222', SLUICE_HTTP_PORT: '0', SLUICE_LEASE_TIME: ' 3s ' };
    expect(loadConfig({ ...env, SLUICE_LOG_LEVEL: '' })).toMatchObject({
      natsUrl: 'nats://a:4222,tls://b:4222',
      httpPort: 0,
      leaseTime: 3_000,
      logLevel: 'info',
    });
  });

  it('lists all faults at once, with what to do and without repeating values', () => {
    const env = {
      SLUICE_NATS_URL: 'http://user:hunter2@nats:80',
      SLUICE_HTTP_PORT: '99999',
      SLUICE_LOG_LEVEL: 'loud',
      SLUICE_LEASE_TIME: '0s',
      SLUICE_NATS_REPLICAS: 'three',
    };
    const faults = faultsOf(env);
    expect(faults.map(({ path }) => path)).toEqual([
      'SLUICE_NATS_URL',
      'SLUICE_NATS_REPLICAS',
      'SLUICE_HTTP_PORT',
      'SLUICE_LOG_LEVEL',
      'SLUICE_LEASE_TIME',
    ]);
    expect(faults[2]).toEqual({
      path: 'SLUICE_HTTP_PORT',
      wanted: 'a whole number from 0 to 65535',
      found: 'another number',
    });
    expect(JSON.stringify(faults)).not.toContain('hunter2');
    expect(() => loadConfig(env)).toThrow(/SLUICE_LOG_LEVEL: holds text of 4 characters; set it to one of trace/);
  });

  it('reads load balancers by their names', () => {
    const text = 'main=haproxy+tcp://10.0.0.5:9999, edge-2=haproxy+unix:///run/haproxy/admin.sock';
    expect(loadConfig({ SLUICE_BALANCERS: text }).balancers).toEqual([
      { name: 'main', kind: 'haproxy', address: { host: '10.0.0.5', port: 9999 } },
      { name: 'edge-2', kind: 'haproxy', address: { path: '/run/haproxy/admin.sock' } },
    ]);
  });

  it('reads other publishers of weights, and commands for capacity', () => {
    const text = 'edge=nginx:///etc/nginx/sluice?reload=nginx+-s+reload&test=nginx+-t&key=$http_x_id,web=file:///run/w';
    expect(loadConfig({ SLUICE_BALANCERS: text }).balancers).toEqual([
      {
        name: 'edge',
        kind: 'nginx',
        folder: '/etc/nginx/sluice',
        reload: ['nginx', '-s', 'reload'],
        test: ['nginx', '-t'],
        key: '$http_x_id',
      },
      { name: 'web', kind: 'file', folder: '/run/w' },
    ]);
    expect(loadConfig({ SLUICE_CAPACITY: 'k8s=/opt/scale --cluster main' }).capacity).toEqual([
      { name: 'k8s', argv: ['/opt/scale', '--cluster', 'main'] },
    ]);
  });

  it.each([
    ['SLUICE_CAPACITY', 'agents=/opt/scale'],
    ['SLUICE_CAPACITY', 'k8s=scale'],
    ['SLUICE_BALANCERS', 'edge=nginx:///etc/nginx/sluice'],
    ['SLUICE_BALANCERS', 'edge=nginx:///etc/nginx?reload=x&tset=y'],
    ['SLUICE_BALANCERS', 'edge=nginx:///etc/nginx?reload=x&key=";evil'],
    ['SLUICE_BALANCERS', 'web=file://relative'],
    ['SLUICE_BALANCERS', 'web=file:///a,web=haproxy+tcp://a:1'],
  ])('refuses %s=%s', (name, text) => {
    expect(faultsOf({ [name]: text }).map(({ path }) => path)).toEqual([name]);
  });

  it.each(['main=nginx+tcp://a:1', 'main=haproxy+tcp://a:99999', 'Main=haproxy+tcp://a:1', 'a=haproxy+tcp://a:1,,'])(
    'refuses %s as load balancers',
    (text) => {
      expect(faultsOf({ SLUICE_BALANCERS: text }).map(({ path }) => path)).toEqual(['SLUICE_BALANCERS']);
    },
  );

  it('refuses two load balancers of one name', () => {
    const text = 'main=haproxy+tcp://a:1,main=haproxy+tcp://b:1';
    expect(faultsOf({ SLUICE_BALANCERS: text }).map(({ path }) => path)).toEqual(['SLUICE_BALANCERS']);
  });

  it.each(['nats://user:secret@host:4222', 'nats://', 'host:4222', 'nats://a,,nats://b', 'ws://a'])(
    'refuses %s as an address of NATS',
    (url) => {
      expect(faultsOf({ SLUICE_NATS_URL: url }).map(({ path }) => path)).toEqual(['SLUICE_NATS_URL']);
    },
  );

  it.each([
    ['SLUICE_CMDB_URL', 'https://cmdb.example/groups'],
    ['SLUICE_CMDB_URL', 'https://ana:sesame@cmdb.example/{group}'],
    ['SLUICE_CMDB_URL', 'https://{group}.example/'],
    ['SLUICE_CMDB_CREDENTIAL', 'sesame'],
    ['SLUICE_CMDB_CREDENTIAL', 'file:token'],
  ])('refuses %s=%s, and does not repeat it', (name, text) => {
    const faults = faultsOf({ [name]: text });
    expect(faults.map(({ path }) => path)).toEqual([name]);
    expect(JSON.stringify(faults)).not.toContain('sesame');
  });

  it('takes the address of a CMDB and where its credential is', () => {
    const env = { SLUICE_CMDB_URL: 'https://c.example/g/{group}?x=1', SLUICE_CMDB_CREDENTIAL: 'env:CMDB_TOKEN' };
    expect(loadConfig(env)).toMatchObject({ cmdbUrl: env.SLUICE_CMDB_URL, cmdbCredential: 'env:CMDB_TOKEN' });
    expect(loadConfig({ SLUICE_CMDB_CREDENTIAL: 'file:/run/secrets/cmdb' }).cmdbUrl).toBeUndefined();
  });

  it('tells variables that nothing reads', () => {
    const env = { SLUICE_HTPP_PORT: '1', SLUICE_HTTP_PORT: '1', SLUICE_NATS_SERVER: '/x', PATH: '/bin' };
    expect(unknownSettings(env)).toEqual(['SLUICE_HTPP_PORT']);
  });
});
