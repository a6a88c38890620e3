import { describe, expect, it } from 'vitest';

import { readGateSources } from './sources.js';

const faultsOf = (text: string): readonly string[] => {
  const reading = readGateSources(text);
  return reading.ok ? [] : reading.faults;
};

describe('SLUICE_GATE_SOURCES', () => {
  it('names sources with what they want', () => {
    const text = `
      main=prometheus+http://prometheus:9090/
      far=prometheus+https://metrics.example/tenant/7 auth=env:METRICS_TOKEN timeout=3s concurrency=8,
      judge=webhook+https://judge.example/verdict?team=shop auth=file:/run/secrets/judge
      canary=smoke+http://{host}:8080 recording=/srv/shop.jsonl
    `;
    const usual = { timeoutMs: 10_000, concurrency: 4 };
    expect(readGateSources(text)).toEqual({
      ok: true,
      sources: [
        { name: 'main', kind: 'prometheus', url: 'http://prometheus:9090', ...usual },
        {
          ...{ name: 'far', kind: 'prometheus', url: 'https://metrics.example/tenant/7' },
          ...{ auth: { bearerFrom: 'env:METRICS_TOKEN' }, timeoutMs: 3_000, concurrency: 8 },
        },
        {
          ...{ name: 'judge', kind: 'webhook', url: 'https://judge.example/verdict?team=shop' },
          ...{ auth: { bearerFrom: 'file:/run/secrets/judge' }, ...usual },
        },
        { name: 'canary', kind: 'smoke', url: 'http://{host}:8080', recording: '/srv/shop.jsonl', ...usual },
      ],
    });
    expect(readGateSources('')).toEqual({ ok: true, sources: [] });
  });

  it.each([
    ['prometheus:9090', 'source 1: wants the form'],
    ['Main=prometheus+http://a', 'source 1: wants the form'],
    ['main=influx+http://a', 'main: its kind is prometheus, webhook or smoke'],
    ['main=prometheus+localhost', 'main: its address is no URL'],
    ['main=prometheus+ftp://a', 'main: its address wants http:// or https://'],
    ['main=prometheus+http://{host}', 'main: its address'],
    ['main=prometheus+http://a/{x}', 'main: its address holds braces'],
    ['main=prometheus+http://a?x=1', 'main: its address holds a query'],
    ['main=webhook+http://a/#x', 'main: its address holds a #'],
    ['main=prometheus+http://a auth=sesame', 'main: auth wants env:NAME of a variable or file:/path'],
    ['main=prometheus+http://a timeout=61s', 'main: timeout wants a duration such as 5s, up to 60s'],
    ['main=prometheus+http://a concurrency=0', 'main: concurrency wants a whole number from 1 to 64'],
    ['main=prometheus+http://a recording=/x', 'main: recording wants the absolute path of a file'],
    ['main=prometheus+http://a retries=3', 'main: its options are auth=, timeout=, concurrency=, recording='],
    ['main=prometheus+http://a timeout=1s timeout=2s', 'main: has timeout twice'],
    ['main=prometheus+http://a, main=webhook+http://b', 'main: is there twice'],
  ])('refuses %s', (text, words) => {
    expect(faultsOf(text)).toEqual([expect.stringContaining(words)]);
  });

  it('refuses credentials in an address, and repeats none of them', () => {
    const faults = faultsOf(
      'a=prometheus+https://me:sesame@host, b=webhook+https://sesame@host, sesame, c=sesame+http://x',
    );
    expect(faults).toHaveLength(4);
    expect(faults[0]).toContain('name where the credential is instead: auth=env:NAME');
    expect(faults.join()).not.toContain('sesame');
  });
});
