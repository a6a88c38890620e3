import { readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

import { DEPLOY_REQUEST_SCHEMA } from './deploy-request.js';
import { INVENTORY_SCHEMA } from './inventory.js';

it.each([
  ['deploy-request', 'DEPLOY_REQUEST_SCHEMA', DEPLOY_REQUEST_SCHEMA],
  ['inventory', 'INVENTORY_SCHEMA', INVENTORY_SCHEMA],
])('docs/schemas/%s.schema.json is the schema that the services use', (file, name, schema) => {
  const url = new URL(`../../../../docs/schemas/${file}.schema.json`, import.meta.url);
  expect(JSON.parse(readFileSync(url, 'utf8')), `write ${name} into the file as JSON and format it`).toEqual(schema);
});
