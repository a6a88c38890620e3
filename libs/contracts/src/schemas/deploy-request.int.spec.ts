import { readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

import { DEPLOY_REQUEST_SCHEMA } from './deploy-request.js';

it('docs/schemas/deploy-request.schema.json is the schema that the services use', () => {
  const file = new URL('../../../../docs/schemas/deploy-request.schema.json', import.meta.url);
  const hint = 'write DEPLOY_REQUEST_SCHEMA into the file as JSON and format it';
  expect(JSON.parse(readFileSync(file, 'utf8')), hint).toEqual(DEPLOY_REQUEST_SCHEMA);
});
