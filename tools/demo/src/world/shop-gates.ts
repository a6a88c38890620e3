/** Two seconds of the web service on the new side, by Prometheus. */
const answers = (more: string): string =>
  `sum(rate(http_requests_total{app="{{app}}",service="web",side="{{side}}"${more}}[2s]))`;

/** Looks each second; a slow machine may have nothing to tell for a minute. */
const EACH_SECOND = { interval: '1s', limits: { inconclusive: 60, error: 60 } };

/** While a weight is watched: at one moment of the last two, more than 1% of the answers were errors. */
export const ERRORS = {
  ...{ name: 'errors', source: 'metrics', at: ['during'], onFail: 'rollback', ...EACH_SECOND },
  measure: {
    kind: 'threshold',
    query: `${answers(',code="500"')} / ${answers('')}`,
    ...{ limit: 0.01, n: 1, of: 2, window: '2s', step: '1s' },
  },
};

/** The same, asked of a judge outside. */
export const JUDGED = {
  ...{ name: 'errors', source: 'judge', onFail: 'rollback', ...EACH_SECOND },
  measure: { kind: 'webhook' },
};
