import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Api, type RunningUp, startUp } from '@sluice/cli';
import { loadConfig } from '@sluice/config';
import { newUlid } from '@sluice/observability';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Call, callsOf, type Hints, type OpenApi, type Operation, operationsOf } from './calls.js';

const MINUTE = 60_000;
/** Of each operation. */
const RUNS = Number(process.env['SLUICE_FUZZ_RUNS'] ?? 25);
/** Fixed, so that the same sources give the same result; other seeds are for whoever looks for more. */
const SEED = Number(process.env['SLUICE_FUZZ_SEED'] ?? 1);
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const MAX_MS = 8_000;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly ms: number;
}

describe(`XIM-01 any call of any operation (SLUICE_FUZZ_SEED=${SEED} repeats it)`, () => {
  let folder: string;
  let up: RunningUp;
  let document: OpenApi;
  let ajv: Ajv2020;
  let hints: Hints;
  let authorization: string;
  const seen = new Map<number, number>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice fuzz '));
    up = await startUp({
      dataDir: folder,
      httpHost: '127.0.0.1',
      httpPort: 0,
      natsPort: 0,
      logLevel: 'silent',
      demoFleet: true,
      services: ['planner', 'executor', 'health-gate', 'notifier', 'gateway'],
      config: loadConfig({}),
    });
    document = (await (await fetch(`${up.url}/docs-json`)).json()) as OpenApi;
    ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: 'openapi', components: document.components });
    const open = new Api({ url: up.url, newId: newUlid, sleep: (ms) => sleep(ms) });
    const { items } = await open.call<{ items: { name: string }[] }>('listGroups');
    const { url, sha256 } = up.fleet?.releases[0] ?? { url: '', sha256: '' };
    const request = {
      app: 'hello',
      group: 'hello-test',
      version: '1.0.0',
      strategy: 'rolling',
      artifact: { url, sha256 },
    };
    const told = await open.call<{ rolloutId?: string }>('createRequest', { body: request });
    hints = {
      known: [...items.map(({ name }) => name), 'hello', told.rolloutId ?? '', 'test-01', '1.0.0'],
      bodies: {
        createRequest: request,
        createPreview: request,
        createToken: { subject: 'user:fuzz', roles: ['viewer:hello-web'], expiresIn: '1h' },
        redeployGroup: { version: '1.0.0' },
        excludeGroup: { host: 'test-02', reason: 'fuzz' },
        includeGroup: { host: 'test-02', reason: 'fuzz' },
        blockGroup: { version: '9.0.0', reason: 'fuzz' },
        unblockGroup: { version: '9.0.0', reason: 'fuzz' },
        replaceInventoryGroup: { app: 'hello', environment: 'test', members: ['a'] },
        putTemplate: { batches: '10%' },
        mergeInventoryGroup: { app: 'hello', environment: 'test', members: ['b'] },
        intervalRollout: { interval: '1s', tailInterval: '2s' },
        overrideRollout: { extraFailures: 1, reason: 'fuzz' },
      },
    };
    const made = await open.call<{ token: string }>('createToken', {
      body: { subject: 'service:fuzz', roles: ['admin'] },
    });
    authorization = `Bearer ${made.token}`;
  }, MINUTE);
  afterAll(async () => {
    await up?.stop();
    await rm(folder, { recursive: true, force: true });
  }, MINUTE);

  async function send(call: Call): Promise<Answer> {
    const started = performance.now();
    const response = await fetch(up.url + call.address, {
      method: call.method,
      headers: { ...call.headers, authorization },
      ...(call.body === undefined ? {} : { body: call.body }),
      signal: AbortSignal.timeout(MAX_MS + 5_000),
    });
    const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? '';
    const text = type === 'text/event-stream' ? await begun(response) : await response.text();
    return { status: response.status, type, text, ms: performance.now() - started };
  }

  async function tried(call: Call): Promise<Answer> {
    for (;;) {
      const answer = await send(call);
      if (answer.status !== 429) return answer;
      await sleep(1_000);
    }
  }

  /** What is wrong with an answer, in words; undefined when nothing is. */
  function faultOf(operation: Operation, answer: Answer): string | undefined {
    seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
    return boundFault(answer) ?? (isWhole(answer) ? formFault(operation, answer) : undefined);
  }

  function formFault(operation: Operation, { status, type, text }: Answer): string | undefined {
    const documented = operation.responses[String(status)]?.content;
    // An empty or odd name makes another address of it.
    const content = documented ?? (status === 404 || status === 400 ? PROBLEM : undefined);
    const schema = content?.[type.replace('schema+', '')]?.schema;
    if (schema === undefined) return `${status} as "${type}" is not documented: ${text.slice(0, 300)}`;
    const validate = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/')) as object);
    return validate(JSON.parse(text)) ? undefined : ajv.errorsText(validate.errors);
  }

  it(
    'is answered below 500, within a bound of bytes and of time, as it is documented',
    async () => {
      for (const operation of operationsOf(document)) {
        const property = fc.asyncProperty(callsOf(operation, document, hints), async (call) => {
          expect([operation.operationId, faultOf(operation, await tried(call))]).toEqual([
            operation.operationId,
            undefined,
          ]);
        });
        await fc.assert(property, { seed: SEED, numRuns: RUNS, endOnFailure: true });
      }
      // Not only refusals: some of it got through.
      expect([...seen.keys()]).toEqual(expect.arrayContaining([200, 404, 422]));
      expect((await fetch(`${up.url}/health/ready`)).status).toBe(200);
    },
    4 * MINUTE,
  );
});

function boundFault({ status, text, ms }: Answer): string | undefined {
  const bytes = Buffer.byteLength(text);
  if (status >= 500) return `${status}: ${text}`;
  if (bytes > MAX_ANSWER_BYTES) return `an answer of ${bytes} bytes`;
  return ms > MAX_MS ? `an answer after ${Math.round(ms)} ms` : undefined;
}

const isWhole = ({ status, type }: Answer): boolean => type !== 'text/event-stream' && status !== 304;

const PROBLEM: Operation['responses'][string]['content'] = {
  'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
};

/** A live stream has no end: its beginning is looked at. */
async function begun(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const first = await reader?.read();
  await reader?.cancel();
  return new TextDecoder().decode(first?.value);
}
