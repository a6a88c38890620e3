import { REQUEST_LIMITS, REQUEST_PATTERNS } from './request-limits.js';
import { closed, duration, int, text } from './request-parts.js';

const scalar = (description: string) => ({
  description,
  anyOf: [{ type: 'string', maxLength: REQUEST_LIMITS.scalar[1] }, { type: 'number' }, { type: 'boolean' }],
});

const percent = (description: string) => ({
  type: 'number',
  minimum: REQUEST_LIMITS.percent[0],
  maximum: REQUEST_LIMITS.percent[1],
  description,
});

const points = {
  type: 'array',
  items: closed(
    'One corner of the line.',
    {
      after: duration('From the start of the ramp; paused time does not count.'),
      percent: percent('Of the hosts of each role.'),
    },
    ['after', 'percent'],
  ),
  minItems: REQUEST_LIMITS.rampPoints[0],
  maxItems: REQUEST_LIMITS.rampPoints[1],
};

const limit = closed('Of each role that it is said for.', {
  maxPercent: percent('At most so much of the role gets the new value, even at the end.'),
  minHosts: int('hostCount', 'But so many at least, as far as there are any.'),
  maxHosts: int('hostCount', 'And never more than so many.'),
  pace: closed(
    'At most so many changes in any window.',
    { changes: int('changes', 'So many hosts of the role.'), window: duration('The window.', { examples: ['10m'] }) },
    ['changes', 'window'],
  ),
});

/** What a request may say of its ramp, as RampWishes. */
export const RAMP_WISHES_SCHEMA = closed(
  'The ramp of a variable of a fleet (strategy ramp).',
  {
    variable: text('rampVariable', 'The variable, as hosts find it in their desired state.'),
    to: scalar('The value that it is brought to; the version as text unless said here.'),
    from: scalar('What hosts have before: only for a variable that nobody has defined.'),
    over: {
      description: 'How long: evenly over a duration, or by points of a line that ends with 100 percent.',
      anyOf: [duration('Evenly.', { examples: ['14d'] }), points],
    },
    limits: {
      type: 'object',
      description: 'By role; * stands for every role that is not named.',
      propertyNames: { pattern: REQUEST_PATTERNS.role },
      additionalProperties: limit,
      maxProperties: REQUEST_LIMITS.roles[1],
    },
  },
  ['variable', 'over'],
);
