import { backtest } from './backtest/backtest.js';
import type { Benchmark } from './benchmark.js';
import { brake } from './brake/brake.js';
import { desired } from './desired/desired.js';
import { failover } from './failover/failover.js';
import { history } from './history/history.js';
import { load } from './load/load.js';
import { many } from './many/many.js';
import { orchestrate } from './orchestrate/orchestrate.js';
import { ramp } from './ramp/ramp.js';
import { replay } from './replay/replay.js';
import { scale } from './scale/scale.js';
import { verify } from './verify/verify.js';

/** Every benchmark, in the order in which they run. A new one is a file that exports a Benchmark, and a line here. */
export const BENCHMARKS: readonly Benchmark[] = [
  orchestrate,
  scale,
  replay,
  brake,
  many,
  failover,
  history,
  load,
  desired,
  ramp,
  verify,
  backtest,
];
