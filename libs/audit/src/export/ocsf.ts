import type { EventRow } from './rows.js';

const VERSION = '1.4.0';
const CLASS = 6003;
const APPLICATION_ACTIVITY = 6;
const [CREATE, UPDATE] = [1, 3];
const [SUCCESS, FAILURE] = [1, 2];
const [INFORMATIONAL, MEDIUM, HIGH] = [1, 3, 4];
const [PERSON, SYSTEM] = [1, 3];

/**
 * An event as OCSF has it: class 6003, API Activity, as each is what somebody had Sluice do, and nobody's login or
 * process. What has no place there stands in `unmapped`.
 */
export function ocsfOf(row: EventRow): Readonly<Record<string, unknown>> {
  const { at, type, stream, actor, actorKind, cause, corr, position, commit, event, rev } = row;
  const activity = /Planned$|Requested$|Added$/.test(type) ? CREATE : UPDATE;
  const isFailure = /Failed$|Refused$|Rejected$/.test(type);
  return {
    ...{ class_uid: CLASS, class_name: 'API Activity', category_uid: APPLICATION_ACTIVITY },
    ...{ category_name: 'Application Activity', activity_id: activity, type_uid: CLASS * 100 + activity },
    activity_name: activity === CREATE ? 'Create' : 'Update',
    time: at,
    severity_id: severityOf(type, isFailure),
    status_id: isFailure ? FAILURE : SUCCESS,
    message: type,
    metadata: {
      version: VERSION,
      product: { name: 'Sluice', vendor_name: 'Sluice' },
      uid: `${commit}/${event}`,
      event_code: type,
      log_name: stream,
      original_time: new Date(at).toISOString(),
      sequence: position,
      ...(corr === '' ? {} : { correlation_uid: corr }),
    },
    actor: {
      user: { name: actor, uid: `${actorKind}:${actor}`, type_id: actorKind === 'user' ? PERSON : SYSTEM },
      ...(actorKind === 'user' ? {} : { app_name: actor }),
    },
    api: { operation: type, service: { name: 'sluice' }, ...(cause === '' ? {} : { request: { uid: cause } }) },
    // Who wrote it into the log: the address of a person is not known to it.
    src_endpoint: { svc_name: stream.slice(0, stream.indexOf('.')) },
    resources: resourcesOf(row),
    unmapped: { rev, event, data: row.data },
  };
}

function severityOf(type: string, isFailure: boolean): number {
  if (type.endsWith('Braked')) return HIGH;
  return isFailure ? MEDIUM : INFORMATIONAL;
}

const resourcesOf = ({ rollout, group, app, stream }: EventRow) => [
  ...(rollout === '' ? [{ type: 'stream', uid: stream }] : [{ type: 'rollout', uid: rollout }]),
  ...(group === '' ? [] : [{ type: 'group', name: group }]),
  ...(app === '' ? [] : [{ type: 'app', name: app }]),
];
