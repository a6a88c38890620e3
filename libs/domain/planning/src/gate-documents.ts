import type {
  BuiltInGate,
  DeployRequest,
  GateDocument,
  GateMeasure,
  GateSpec,
  MeasureDocument,
  Plan,
} from '@sluice/contracts';
import { formatDuration, unreachable } from '@sluice/kernel';

/** The gates of a plan as a request says them. */
export const gatesAgain = (
  gates: Plan['gates'],
  gateSpecs: Plan['gateSpecs'] = [],
): NonNullable<DeployRequest['gates']> => [
  ...gates.filter((gate): gate is BuiltInGate => gate === 'settled' || gate === 'ready'),
  ...gateSpecs.map(gateDocumentOf),
];

/** The document that makes this gate again, every value said. */
const gateDocumentOf = ({ intervalMs, measure, ...rest }: GateSpec): GateDocument => ({
  ...rest,
  interval: formatDuration(intervalMs),
  measure: measureDocumentOf(measure),
});

function measureDocumentOf(measure: GateMeasure): MeasureDocument {
  switch (measure.kind) {
    case 'threshold': {
      const { windowMs, stepMs, ...rest } = measure;
      return { ...rest, window: formatDuration(windowMs), step: formatDuration(stepMs) };
    }
    case 'burnRate': {
      const { longMs, shortMs, ...rest } = measure;
      return { ...rest, long: formatDuration(longMs), short: formatDuration(shortMs) };
    }
    case 'comparison': {
      const { windowMs, stepMs, ...rest } = measure;
      return { ...rest, window: formatDuration(windowMs), step: formatDuration(stepMs) };
    }
    case 'facts': {
      const { maxVerifyMs, ...rest } = measure;
      return { ...rest, ...(maxVerifyMs === undefined ? {} : { maxVerify: formatDuration(maxVerifyMs) }) };
    }
    case 'smoke':
    case 'webhook':
      return measure;
    default:
      return unreachable(measure, 'measure of a gate');
  }
}
