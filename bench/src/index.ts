export {
  type Benchmark,
  type BenchOptions,
  type BenchRatio,
  type BenchResult,
  type BenchRow,
  type BenchRun,
  isMet,
  median,
  noRow,
  quantile,
} from './benchmark.js';
export { runOrchestrate } from './orchestrate/orchestrate.js';
export { BENCHMARKS } from './registry.js';
export { tableOf } from './table.js';
