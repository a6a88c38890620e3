import { fillQuery, judgeThreshold, seriesOf } from '@sluice/gating';
import { NO_PROMETHEUS, prometheusMissing, type RunningPrometheus, startPrometheus } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import type { MeasurementPort } from '../port.js';
import { measurementsOf, okOf, serve, type Served } from '../providers.suite.js';

const isMissing = prometheusMissing();
if (isMissing) process.stderr.write(NO_PROMETHEUS);

const PATIENT = { timeout: 45_000, interval: 50 };

/** A host as its exporters show it: what it uses and what it moves, growing with each look. */
function exporter(dropsPerLook: number): { readonly text: () => string } {
  let looks = 0;
  return {
    text: () => {
      looks += 1;
      return [
        ...[`memory_rss_bytes ${5e8}`, `memory_cache_bytes ${2e8}`, `memory_total_bytes ${8e9}`],
        ...[`traffic_bytes_total{way="in"} ${looks * 1_000}`, `traffic_bytes_total{way="out"} ${looks * 3_000}`],
        ...[`packets_total{state="ok"} ${looks * 100}`, `packets_total{state="drop"} ${looks * dropsPerLook}`],
        ...['packets_total{state="error"} 0', 'app_memory_bytes{app="shop"} 4e8', 'app_memory_bytes{app="cron"} 1e7'],
        '',
      ].join('\n');
    },
  };
}

describe.skipIf(isMissing)('a real Prometheus (skipped without one)', () => {
  const hosts: Served[] = [];
  let prometheus: RunningPrometheus;
  let port: MeasurementPort;
  beforeAll(async () => {
    for (const drops of [0, 30]) {
      const { text } = exporter(drops);
      hosts.push(await serve((_, response) => response.end(text())));
    }
    const targets = hosts.map(({ url }, i) => ({ address: new URL(url).host, labels: { host: `web-0${i + 1}` } }));
    prometheus = await startPrometheus({ jobs: { hosts: targets }, scrapeMs: 200 });
    port = measurementsOf(
      `main=prometheus+${prometheus.url} timeout=30s, hasty=prometheus+${prometheus.url} timeout=300ms`,
    );
    const looks = 'min(count_over_time(up{job="hosts"}[1m])) and on() count(up{job="hosts"}) == 2';
    await vi.waitFor(async () => {
      if (((await ask(looks)) ?? 0) < 5) throw new Error('it has not looked often enough yet');
    }, PATIENT);
  }, 90_000);
  afterAll(async () => {
    await prometheus?.stop();
    for (const host of hosts) await host.stop();
  });

  const ask = async (query: string): Promise<number | null | undefined> =>
    okOf(await port.value({ source: 'main', query, at: Date.now() }))?.value;
  const errorOf = async (query: string) => {
    const answer = await port.value({ source: 'main', query, at: Date.now() });
    return answer.kind === 'error' ? answer : expect.unreachable(JSON.stringify(answer));
  };
  const range = (query: string, forMs = 1_000, stepMs = 200) => {
    const to = Date.now();
    return { source: 'main', query, from: to - forMs, to, stepMs };
  };

  it('gives one value: of a vector, of a scalar, with its time', async () => {
    expect(await ask('sum(up{job="hosts"})')).toBe(2);
    expect(await ask('1 / 4')).toBe(0.25);
    // A look that a busy machine missed leaves a hole: then it is asked again.
    await vi.waitFor(async () => {
      const at = Date.now() - 500;
      const answer = await port.value({ source: 'main', query: 'memory_rss_bytes{host="web-01"}', at });
      expect(answer).toEqual({ kind: 'ok', value: { at, value: 5e8 } });
    }, PATIENT);
  });

  it('gives one series over a window, oldest first, as gates judge it', async () => {
    await vi.waitFor(async () => {
      const question = range('sum(traffic_bytes_total{way="out"})', 600);
      const { samples } = okOf(await port.series(question));
      expect(samples.map(({ at }) => at - question.from)).toEqual([0, 200, 400, 600]);
      const values = samples.map(({ value }) => value ?? 0);
      expect(values).toEqual(values.toSorted((a, b) => a - b));
      expect(seriesOf(samples, question)).toEqual({ unusable: 0, samples: samples.slice(1) });
    }, PATIENT);
  });

  it('MOM-11 takes any named series of each target, down to the app that caused it', async () => {
    const packets = 'packets_total{host=~"{{hosts}}"}[5s]';
    const queries = {
      rss: 'memory_rss_bytes{host=~"{{hosts}}"} / memory_total_bytes{host=~"{{hosts}}"}',
      cache: 'memory_cache_bytes{host=~"{{hosts}}"}',
      in: 'rate(traffic_bytes_total{host=~"{{hosts}}",way="in"}[5s])',
      out: 'rate(traffic_bytes_total{host=~"{{hosts}}",way="out"}[5s])',
      drops: `sum(increase(${packets.replace('}[', ',state=~"drop|error"}[')})) / sum(increase(${packets}))`,
      app: 'max(app_memory_bytes{host=~"{{hosts}}"})',
    };
    const names = { app: 'shop', group: 'web', version: '2.0.0', others: [] };
    const queryOf = (template: string, host: string): string => {
      const filled = fillQuery(template, { ...names, hosts: [host] }, 5_000);
      return filled.ok ? filled.query : filled.words;
    };
    const judgeAll = async () => {
      const judged: string[] = [];
      for (const host of ['web-01', 'web-02'])
        for (const [name, template] of Object.entries(queries)) {
          const question = range(queryOf(template, host), 600);
          const series = seriesOf(okOf(await port.series(question)).samples, question);
          const policy = { bound: 'max', limit: name === 'drops' ? 0.01 : 1e12, n: 2, of: 3 } as const;
          judged.push(`${name} of ${host}: ${judgeThreshold(series, policy).verdict}`);
        }
      return judged;
    };
    const good = (host: string) => Object.keys(queries).map((name) => `${name} of ${host}: pass`);
    const wanted = [...good('web-01'), ...good('web-02')].map((each) =>
      each.replace(/^(drops of web-02): pass/, '$1: fail'),
    );
    await vi.waitFor(async () => expect(await judgeAll()).toEqual(wanted), PATIENT);
    // Who caused it: the app whose own series it is.
    const top = await port.value({ source: 'main', query: 'topk(1, app_memory_bytes{host="web-01"})', at: Date.now() });
    expect(okOf(top)?.value).toBe(4e8);
  });

  it('says no data where there is none: no series of that name, or none yet at that time', async () => {
    expect(await ask('nothing_of_that_name')).toBeUndefined();
    expect(okOf(await port.series(range('nothing_of_that_name')))).toEqual({ samples: [] });
    const long = { source: 'main', at: Date.now() - 86_400_000, query: 'sum(up)' };
    expect(await port.value(long)).toEqual({ kind: 'ok', value: undefined });
  });

  it('gives null for NaN and infinity, which is never a value', async () => {
    expect(await ask('0 / 0')).toBeNull();
    expect(await ask('vector(1) / 0')).toBeNull();
    // The usual case: a share of errors where there is no traffic.
    const share =
      'sum(rate(packets_total{state="error",host="web-01"}[5s])) / sum(rate(packets_total{state="error"}[5s]))';
    await vi.waitFor(async () => {
      const question = range(share, 600);
      const { samples } = okOf(await port.series(question));
      expect(seriesOf(samples, question)).toEqual({ samples: [], unusable: 3 });
    }, PATIENT);
  });

  it('refuses two series, and says which and what to do', async () => {
    const { code, words } = await errorOf('memory_rss_bytes');
    expect(code).toBe('SERIES_MANY');
    expect(words).toMatch(/^prometheus main: the query gives 2 series, and a gate judges one: \{.*host="web-0/);
    expect(words).toMatch(/Aggregate them, as in sum\(\.\.\.\) or max\(\.\.\.\), or select one by labels$/);
    expect(await port.series(range('memory_rss_bytes'))).toMatchObject({ kind: 'error', code: 'SERIES_MANY' });
  });

  it.each([
    ['sum(', /prometheus main refuses the query: .*parse error/],
    ['rate(memory_rss_bytes[1m]', /parse error: unclosed left parenthesis/],
    ['memory_rss_bytes[1m]', /gives a range where one value is wanted: put rate\(\)/],
    ['"text"', /gives a text/],
    ['memory_rss_bytes * on() memory_cache_bytes', /refuses the query: .*many-to-many|found duplicate series/],
    [' ', /wants 1 to 16384 characters/],
  ])('refuses the query %s in words that say why', async (query, words) => {
    expect(await errorOf(query)).toMatchObject({ code: 'QUERY_INVALID', words: expect.stringMatching(words) });
  });

  it('asks for no window that is upside down or has too many steps', async () => {
    const to = Date.now();
    for (const window of [
      { from: to + 1, to, stepMs: 100 },
      { from: to - 11_001, to, stepMs: 1 },
      { from: to - 10, to, stepMs: 0 },
      { from: Number.NaN, to, stepMs: 1 },
    ])
      expect(await port.series({ source: 'main', query: 'up', ...window })).toMatchObject({ code: 'QUERY_INVALID' });
    const all = await port.series({ source: 'main', query: 'vector(1)', from: to - 11_000_000, to, stepMs: 1_000 });
    expect(okOf(all).samples).toHaveLength(11_001);
  });

  // The last ones: they take it away.
  it('is an error when it hangs, and answers again when it does', async () => {
    await prometheus.pause();
    const question = { source: 'hasty', query: 'vector(1)', at: Date.now() };
    expect(await port.value(question)).toEqual({
      kind: 'error',
      code: 'SOURCE_TIMEOUT',
      words: 'prometheus hasty did not answer within 300ms: see why it is slow, or give it a longer timeout',
    });
    prometheus.resume();
    expect(await ask('vector(1)')).toBe(1);
  });

  it('is an error when it is dead', async () => {
    await prometheus.kill();
    for (const answer of [
      await port.value({ source: 'main', query: 'up', at: Date.now() }),
      await port.series(range('up')),
    ])
      expect(answer).toEqual({
        kind: 'error',
        code: 'SOURCE_UNAVAILABLE',
        words: 'prometheus main cannot be reached: ECONNREFUSED',
      });
  });
});
