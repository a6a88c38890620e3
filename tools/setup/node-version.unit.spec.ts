import { expect, it } from 'vitest';
import { isAtLeast, nodeComplaint, parseVersion } from './node-version.mjs';

it.each([
  ['v20.20.2', [20, 20, 2]],
  ['nats-server: v2.10.27', [2, 10, 27]],
  ['nats-server: v2.12.0-RC.3', [2, 12, 0]],
  ['no version', undefined],
])('reads the version of %j', (text, version) => {
  expect(parseVersion(text)).toEqual(version);
});

it.each([
  ['2.10.0', true],
  ['2.10.27', true],
  ['2.15.1', true],
  ['3.0.0', true],
  ['2.9.10', false],
  ['1.99.99', false],
  ['', false],
])('compares numbers, not text: %j', (version, expected) => {
  expect(isAtLeast(version, '2.10.0')).toBe(expected);
});

it('says which Node.js is needed and which one runs', () => {
  expect(nodeComplaint('v20.19.0')).toBeUndefined();
  expect(nodeComplaint('v24.1.0')).toBeUndefined();
  expect(nodeComplaint('v20.18.3')).toMatch(/needs Node\.js 20\.19\.0 or newer; this is v20\.18\.3/);
});
