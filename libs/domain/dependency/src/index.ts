export { decideDependency, type DependencyInput, MAX_FORCED_MS } from './decide.js';
export {
  type BreakerState,
  type DependencyState,
  evolveDependency,
  type Forced,
  forcedAt,
  initialDependency,
  passageAt,
} from './state.js';
