import { REQUEST_LIMITS, REQUEST_PATTERNS } from './request-limits.js';
import { closed, duration, int, places } from './request-parts.js';

const [fewestWeights, mostWeights] = REQUEST_LIMITS.weights;
const [fewestSmokes, mostSmokes] = REQUEST_LIMITS.smokeAt;

/** What a request may say of its shift, as TrafficWishes. */
export const TRAFFIC_WISHES_SCHEMA = closed('The shift of traffic between the sides of a group.', {
  weights: {
    type: 'array',
    description:
      'Percent of the new side, one stage for each: strictly increasing, the last is 100. 1, 5, 10, 25, 50, 75, 100 unless said here; 5, 100 for a canary; 100 alone for blueGreen.',
    items: int('weight', 'Percent of the new side.'),
    minItems: fewestWeights,
    maxItems: mostWeights,
  },
  smokeAt: {
    type: 'array',
    description:
      'Weights at which the smoke gates are judged; 0 is before any traffic. 0 and the first weight unless said here.',
    items: int('smokeWeight', 'One of the weights, or 0.'),
    minItems: fewestSmokes,
    maxItems: mostSmokes,
  },
  dwell: duration('How long each weight is watched, at least. 5m in production, none in test, unless said here.'),
  preScale: int(
    'preScale',
    "Percent of the old side's capacity that the new side has before its first request; 25, or 100 for blueGreen.",
  ),
  readyWithin: duration('How long the new side may take until it is ready, at each stage.', { default: '30m' }),
  drainWindow: duration(
    'From all traffic on the new side until the old one is retired: longer than 0. 5m in production and 5s in test, unless the group or this says it.',
  ),
  artifacts: {
    type: 'object',
    description: 'By service: the bytes of those that have bytes of their own.',
    propertyNames: { pattern: REQUEST_PATTERNS.label },
    additionalProperties: closed('Where the bytes are, and what they must be.', places, ['url', 'sha256']),
    maxProperties: REQUEST_LIMITS.services[1],
  },
});
