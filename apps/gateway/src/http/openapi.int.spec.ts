import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Harness } from '../harness.suite.js';

type Document = {
  paths: Record<string, Record<string, { operationId: string }>>;
  components: { schemas: Record<string, unknown> };
};

describe('OpenAPI', () => {
  let harness: Harness;
  let document: Document;

  beforeAll(async () => {
    harness = await Harness.start();
    document = (await harness.json('/docs-json')).body as unknown as Document;
  });
  afterAll(() => harness.stop());

  it('XIM-01 holds every operation, each with a name of its own', () => {
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => `${operationId} ${method.toUpperCase()} ${path}`),
    );
    expect(operations.toSorted()).toMatchSnapshot();
    expect(new Set(operations.map((line) => line.split(' ')[0])).size).toBe(operations.length);
  });

  it('describes problems and the deploy request, and shows itself at /docs', async () => {
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining(['Problem', 'DeployRequest', 'ApproveInput']),
    );
    expect((await harness.fetch('/docs')).status).toBe(200);
  });
});
