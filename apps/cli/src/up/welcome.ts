import { SUBJECTS } from '@sluice/contracts';

import type { DemoFleet } from './demo-fleet.js';
import { requestFor } from './first-rollout.js';
import type { RunningUp } from './up.js';

/** What stands in the terminal when everything is up. */
export function welcome({ url, natsUrl, fleet }: RunningUp): readonly string[] {
  return [
    `The API listens at ${url} (documentation: ${url}/docs), NATS at ${natsUrl}`,
    ...(fleet === undefined ? [] : demoLines(fleet, url, natsUrl)),
    'Ctrl-C stops everything.',
  ];
}

function demoLines({ hosts, releases }: DemoFleet, url: string, natsUrl: string): readonly string[] {
  const [, good, bad] = releases;
  if (good === undefined || bad === undefined) return [];
  const request = JSON.stringify(requestFor('hello-web', good));
  return [
    '',
    `The demo fleet: ${hosts.map(({ host, port }) => `${host} http://127.0.0.1:${port}`).join(', ')}`,
    '',
    'Roll 2.0.0 out, with any NATS client:',
    `  nats --server ${natsUrl} pub ${SUBJECTS.deployRequest('hello')} '${request}'`,
    'or over HTTP:',
    `  curl -s ${url}/v1/requests -H 'content-type: application/json' -d '${request}'`,
    `A version that fails, to see it braked: ${bad.version} ${bad.url} sha256 ${bad.sha256}`,
    'Then follow it:',
    `  sluice --url ${url} list`,
    `  sluice --url ${url} watch ID`,
    `  sluice --url ${url} --actor user:bo approve ID`,
    '',
  ];
}
