/** Of a database: an append, an answer of the API. In seconds. */
export const SHORT_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
/** Of work on a host, up to an hour. In seconds. */
export const LONG_SECONDS = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 180, 600, 3_600];
/** How many: of a commit or a plan. */
export const COUNTS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 10_000, 100_000];
