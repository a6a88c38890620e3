import type { Hello } from '@sluice/contracts';
import { expect, it } from 'vitest';

import { HelloTable } from './hello-table.js';

const hello = (host: string, apps: Hello['apps'] = []): Hello => ({
  v: 1,
  host,
  at: 0,
  agent: { version: '1', startedAt: 0 },
  labels: {},
  apps,
});
const app = {
  app: 'hello',
  group: 'web',
  running: '1',
  processStartedAt: 1,
  serving: true,
  endpoint: null,
  localVersions: [],
};

it('knows the last heartbeat of each app, by group', () => {
  const table = new HelloTable();
  table.take(hello('h1', [app, { ...app, group: 'other', running: '2' }]), 5);
  expect(table.latest('h1', 'hello', 'web')).toEqual({ receivedAt: 5, running: '1', serving: true });
  expect(table.latest('h1', 'hello', 'other')?.running).toBe('2');
});

it('says that nothing runs when a host does not name the app, and nothing of a host that is silent', () => {
  const table = new HelloTable();
  table.take(hello('h1'), 5);
  expect(table.latest('h1', 'hello', 'web')).toEqual({ receivedAt: 5, running: null, serving: false });
  expect(table.latest('h2', 'hello', 'web')).toBeUndefined();
});

it('tells when the same version was begun anew, and takes an update for none', () => {
  const table = new HelloTable();
  const beat = (at: number, running: string | null, processStartedAt: number | null) => {
    table.take(hello('h1', [{ ...app, running, processStartedAt }]), at);
    return table.latest('h1', 'hello', 'web')?.restartedAt;
  };
  expect(beat(1, '1', 10)).toBeUndefined();
  expect(beat(2, '2', 20)).toBeUndefined();
  expect(beat(3, '2', 20)).toBeUndefined();
  expect(beat(4, null, null)).toBeUndefined();
  expect(beat(5, '2', 30)).toEqual([5]);
  expect(beat(6, '2', 40)).toEqual([5, 6]);
  expect(beat(7, '3', 50)).toBeUndefined();
});

it('is bounded: a new host takes the place of one that was silent for long, never of one that is there', () => {
  const table = new HelloTable({ maxHosts: 2, forgetMs: 100 });
  table.take(hello('h1'), 0);
  table.take(hello('h2'), 50);
  table.take(hello('h3'), 60);
  expect([table.size, table.refused, table.latest('h3', 'a', 'g')]).toEqual([2, 1, undefined]);
  table.take(hello('h1'), 70);
  table.take(hello('h3'), 150);
  expect([table.size, table.latest('h2', 'a', 'g')]).toEqual([2, undefined]);
});

it('tells its listeners until they leave', () => {
  const table = new HelloTable();
  const heard: string[] = [];
  const leave = table.listen((host) => heard.push(host));
  table.take(hello('h1'), 0);
  leave();
  table.take(hello('h2'), 0);
  expect(heard).toEqual(['h1']);
});
