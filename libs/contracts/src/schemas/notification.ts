import type { Notification } from '../notification.js';
import { NOTIFICATION_TYPES } from '../notification.js';
import { MAX_NAME_BYTES } from '../tokens.js';
import { actor, int, is, map, name, oneOfTexts, open, pattern, type Schema, severity, text } from './parts.js';
import { parserOf } from './validate.js';

const data = open({
  app: name,
  /** Empty where there is none: a refused request may name neither. */
  group: text(MAX_NAME_BYTES),
  version: text(MAX_NAME_BYTES),
  rolloutId: text(64),
  severity,
  text: text(1_000, 1),
  state: text(32, 1),
  actor,
  position: int(0, Number.MAX_SAFE_INTEGER),
  details: map({}, 32),
});

/**
 * The JSON Schema of a notification: a CloudEvents 1.0 event in JSON. Its version is the last part of `type`; readers
 * ignore what they do not know, so new attributes and details do not make a new version.
 */
export const NOTIFICATION_SCHEMA: Schema = open({
  specversion: is('1.0'),
  id: text(64, 1),
  source: pattern('^/sluice/[a-z]+/[A-Za-z0-9_=-]+$', 800),
  type: oneOfTexts(...Object.values(NOTIFICATION_TYPES)),
  subject: text(700, 1),
  time: pattern('^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$', 24),
  datacontenttype: is('application/json'),
  sequence: pattern('^\\d{16}\\.\\d{4}$', 21),
  data,
});

/** Reads a notification, from bytes or from JSON that was read. Code BAD_MESSAGE otherwise. */
export const parseNotification = parserOf<Notification>('Notification', NOTIFICATION_SCHEMA);
