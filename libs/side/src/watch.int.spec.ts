import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pickSide, sideOf } from './side.js';
import { flopAt, listen, type Listening, replaceFile, until, WeightServer } from './sources.suite.js';
import { watchWeights, type Weights } from './watch.js';

const json = (percent: number, version: number): string => JSON.stringify(flopAt(percent, version));

/** What no client may take, whatever serves it. */
const rubbish: [string, string, RegExp][] = [
  ['nothing', '', /JSON/],
  ['a page', '<html>Bad gateway</html>', /JSON/],
  ['half a document', json(50, 9).slice(0, 40), /JSON/],
  ['weights that sum to 110', json(50, 9).replace(':50', ':60'), /sum to 100/],
  ['another group', json(50, 9).replace('search', 'mail'), /group mail, not of search/],
  ['an older version', json(50, 6), /version 6 is older than 7/],
  ['far too much', `${json(50, 9)}${' '.repeat(100_000)}`, /more than any weight document/],
];

describe('weights in a file', () => {
  let folder = '';
  let file = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-side-'));
    file = join(folder, 'weights.json');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('STR-12 a new weight takes effect at the next request', () => {
    replaceFile(file, json(0, 1));
    const weights = watchWeights({ file });
    const serve = (id: string): string => sideOf({}, weights.current() ?? flopAt(0, 0), id);
    expect(serve('req-1')).toBe('flip');
    // Faster than the clock of most file systems ticks, of the same size, and every other time in the same inode.
    for (let version = 1002; version <= 1200; version += 1) {
      const percent = version % 4 < 2 ? 100 : 0;
      const write = version % 2 === 0 ? replaceFile : writeFileSync;
      write(file, json(percent, version));
      expect(weights.current()?.version).toBe(version);
      expect(serve('req-1'), `version ${version}`).toBe(percent === 100 ? 'flop' : 'flip');
    }
    expect(weights.problem()).toBeUndefined();
  });

  it.each(rubbish)('keeps the last good document when the file holds %s', (_, text, why) => {
    replaceFile(file, json(5, 7));
    const weights = watchWeights({ file });
    replaceFile(file, text);
    expect(weights.current()).toEqual(flopAt(5, 7));
    expect(weights.problem()).toMatch(why);
    expect(weights.problem()).toContain(file);
    replaceFile(file, json(10, 8));
    expect(weights.current()).toEqual(flopAt(10, 8));
    expect(weights.problem()).toBeUndefined();
  });

  it('keeps it while the file is away, and has none before there was one', async () => {
    const weights = watchWeights({ file });
    await weights.ready;
    expect(weights.current()).toBeUndefined();
    expect(weights.problem()).toMatch(/ENOENT/);
    replaceFile(file, json(5, 7));
    expect(weights.current()).toEqual(flopAt(5, 7));
    renameSync(file, `${file}.away`);
    expect(weights.current()).toEqual(flopAt(5, 7));
    expect(weights.problem()).toMatch(/ENOENT/);
    renameSync(`${file}.away`, file);
    expect(weights.current()).toEqual(flopAt(5, 7));
    expect(weights.problem()).toBeUndefined();
  });

  it('may be looked at less often, and no more once it is stopped', async () => {
    writeFileSync(file, json(5, 7));
    const [seldom, patient] = [watchWeights({ file, intervalMs: 3_600_000 }), watchWeights({ file, intervalMs: 20 })];
    replaceFile(file, json(10, 8));
    expect(seldom.current()).toEqual(flopAt(5, 7));
    await until(() => expect(patient.current()).toEqual(flopAt(10, 8)));
    const stopped = watchWeights({ file });
    stopped.stop();
    replaceFile(file, json(25, 9));
    expect(stopped.current()).toEqual(flopAt(10, 8));
  });
});

describe('weights at a url', () => {
  let server: WeightServer;
  let listening: Listening;
  let weights: Weights | undefined;
  const watch = async (more: { timeoutMs?: number; headers?: Record<string, string> } = {}): Promise<Weights> => {
    weights = watchWeights({ url: listening.url, intervalMs: 5, ...more });
    await weights.ready;
    return weights;
  };
  beforeEach(async () => {
    server = new WeightServer(flopAt(5, 7));
    listening = await listen(server.listener);
  });
  afterEach(async () => {
    weights?.stop();
    await listening.close();
  });

  it('SWB-15 are a document that any client pulls: whole when it changed, else not at all', async () => {
    const { current, problem } = await watch({ headers: { authorization: 'Bearer of-an-application' } });
    expect(current()).toEqual(flopAt(5, 7));
    await until(() => expect(server.answered.unchanged).toBeGreaterThan(3));
    expect(server.answered.whole).toBe(1);
    server.publish(flopAt(10, 8));
    await until(() => expect(current()).toEqual(flopAt(10, 8)));
    await until(() => expect(server.answered.unchanged).toBeGreaterThan(6));
    expect(server.answered.whole).toBe(2);
    expect(problem()).toBeUndefined();
    expect(server.headers.every(({ authorization }) => authorization === 'Bearer of-an-application')).toBe(true);
    // It needs nobody between: the side is picked in the caller's own process.
    expect(['flip', 'flop']).toContain(pickSide(current() ?? flopAt(0, 0), 'req-1'));
  });

  const faults: [string, (response: ServerResponse) => void, RegExp][] = [
    ...rubbish.map(([what, text, why]): [string, (response: ServerResponse) => void, RegExp] => [
      what,
      (response) => response.setHeader('etag', '"bad"').end(text),
      why,
    ]),
    ['500', (response) => response.writeHead(500).end('{}'), /answered 500/],
    ['404', (response) => response.writeHead(404).end(json(50, 9)), /answered 404/],
    ['a cut line', (response) => response.destroy(), /fetch failed/],
    [
      'an answer that breaks off',
      (response) => (response.write('{"v":1,'), setImmediate(() => response.destroy())),
      /./,
    ],
    ['no end to its answer', (response) => void response.write('{"v":1,'), /timeout/],
    ['no answer', () => undefined, /timeout/],
  ];

  it.each(faults)('keeps the last good document when the source gives %s', async (_, answer, why) => {
    const { current, problem } = await watch({ timeoutMs: 100 });
    await until(() => expect(current()).toEqual(flopAt(5, 7)));
    server.answerOtherwise(answer);
    await until(() => expect(problem()).toMatch(why));
    // Once more: the bad answer's tag is not given back.
    const seen = server.answered.otherwise;
    await until(() => expect(server.answered.otherwise).toBeGreaterThan(seen));
    expect(server.headers.some((headers) => headers['if-none-match'] === '"bad"')).toBe(false);
    expect(current()).toEqual(flopAt(5, 7));
    server.publish(flopAt(10, 8));
    await until(() => expect([current(), problem()]).toEqual([flopAt(10, 8), undefined]));
  });

  it('keeps it when the source is gone, and has none when it never was there', async () => {
    const { current, problem } = await watch();
    await listening.close();
    await until(() => expect(problem()).toMatch(/ECONNREFUSED/));
    expect(current()).toEqual(flopAt(5, 7));
    const late = watchWeights({ url: listening.url });
    await late.ready;
    expect(late.current()).toBeUndefined();
    expect(late.problem()).toContain(listening.url);
    late.stop();
  });

  it('takes nothing that arrives after it was stopped', async () => {
    let answer: ServerResponse | undefined;
    server.answerOtherwise((response) => (answer = response));
    const stopped = watchWeights({ url: listening.url });
    await until(() => expect(answer).toBeDefined());
    stopped.stop();
    answer?.end(json(10, 8));
    await stopped.ready;
    expect(stopped.current()).toBeUndefined();
  });

  it('asks no more once it is stopped', async () => {
    const { current, stop } = await watch();
    stop();
    const other = watchWeights({ url: listening.url, intervalMs: 5 });
    server.publish(flopAt(10, 8));
    await until(() => expect(other.current()).toEqual(flopAt(10, 8)));
    const asked = server.headers.length;
    await until(() => expect(server.headers.length).toBeGreaterThan(asked + 5));
    expect(current()).toEqual(flopAt(5, 7));
    other.stop();
  });
});
