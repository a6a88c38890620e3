import type { DeployRequest, RequestedArtifact } from '@sluice/contracts';

/** A request with nothing that has a default. */
export const SAMPLE_REQUEST: DeployRequest & { readonly artifact: RequestedArtifact } = {
  app: 'shop',
  group: 'shop-web',
  version: '2.0.0',
  artifact: { url: 'https://store.example/shop-2.0.0.tgz', sha256: 'ab'.repeat(32) },
};

/** A request with every field. */
export const FULL_REQUEST: DeployRequest = {
  ...SAMPLE_REQUEST,
  artifact: {
    ...SAMPLE_REQUEST.artifact,
    check: 'planner',
    sources: [{ site: 'fra', url: 'https://fra.example/shop-2.0.0.tgz' }, { url: 'file:///srv/shop-2.0.0.tgz' }],
  },
  apiVersion: 'sluice/v1',
  kind: 'DeployRequest',
  id: 'ticket-7',
  template: 'careful',
  strategy: 'canary',
  batches: '10%+20%+20%+50%',
  interval: '30s',
  tailInterval: '0s',
  tailFrom: 4,
  canary: { host: 'web-1.example' },
  bake: '5m',
  approvals: { batches: 'policy' },
  startTimeout: '90s',
  ignoreVerify: false,
  failureThreshold: 10,
  extraFailures: 1,
  minServing: 2,
  targets: { labels: { cluster: 'fra', disk: 'ssd' } },
  inventory: { maxAge: '15m', allowStale: 'the CMDB is being moved' },
  mode: 'manual',
  onCanaryFailure: 'rollback',
  gates: [
    'ready',
    {
      name: 'errors',
      source: 'main',
      at: ['during', 'exit'],
      onFail: 'rollback',
      interval: '15s',
      limits: { fail: 1, inconclusive: 20, error: 2, passes: 2 },
      measure: {
        kind: 'threshold',
        query: 'sum(rate(errors{instance=~"{{hosts}}"}[1m]))',
        ...{ window: '5m', step: '15s', bound: 'max', limit: 0.01, n: 2, of: 4 },
      },
    },
    {
      name: 'smoke',
      source: 'web',
      measure: {
        kind: 'smoke',
        requests: [
          { method: 'GET', path: '/search?q=boots', headers: { accept: 'text/html' }, status: 200, maxMs: 500 },
        ],
        replay: { most: 100, perSecond: 20 },
        maxFailures: 1,
      },
    },
  ],
  traffic: {
    weights: [1, 50, 100],
    smokeAt: [0, 1],
    dwell: '10m',
    preScale: 50,
    readyWithin: '1h',
    drainWindow: '30s',
    artifacts: { index: { url: 'https://store.example/index-2.tgz', sha256: 'cd'.repeat(32) } },
  },
  dataCompatible: 'bothWays',
  profile: { kind: 'process', command: ['node', 'server.js'], env: { NODE_ENV: 'production' }, stopGraceMs: 5_000 },
  verify: { path: '/healthz', port: 8080, status: 204, successes: 2, interval: '500ms' },
  drainWindow: '2s',
  lb: 'degrade',
  prefetch: true,
  rollbackable: false,
  stepRetries: { download: 2, verify: 3 },
  onVerifyFailure: { then: 'waive', waivedBy: 'ana' },
  deadlines: { drain: '1m', download: '10m', install: '2m', verify: '3m', enable: '30s' },
  mixedVersions: 'allowed',
  requestedBy: { id: 'ana', kind: 'user' },
  reason: 'the new cart',
};

export const toBytes = (document: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(document));
