import { REQUEST_LIMITS, REQUEST_PATTERNS } from '@sluice/contracts';

import { Flag, Int, isPlainObject, matches, Nested, NestedList, OneOf, Optional, Rule, Text } from './rules.js';

const isProgram = matches(REQUEST_PATTERNS.program);
const isArgument = matches(REQUEST_PATTERNS.argument);
const isVariable = matches(REQUEST_PATTERNS.variable);
const isLabel = matches(REQUEST_PATTERNS.label);
const isLabelValue = matches(REQUEST_PATTERNS.reason);
const isActor = matches(REQUEST_PATTERNS.actor);

/** `giveUp`, or a waiver with the name of the one who answers for it. */
export const isVerifyFailure = (value: unknown): boolean => {
  if (value === 'giveUp') return true;
  if (!isPlainObject(value)) return false;
  const fields = new Map<string, unknown>(Object.entries(value as object));
  return fields.size === 2 && fields.get('then') === 'waive' && isActor(fields.get('waivedBy'));
};

export const Name = (): PropertyDecorator =>
  Text(
    REQUEST_PATTERNS.name,
    'BAD_NAME',
    'must be a name: 1 to 200 letters, digits and . _ @ + -, the first a letter, a digit or _',
  );

export const Duration = (): PropertyDecorator =>
  Text(
    REQUEST_PATTERNS.duration,
    'BAD_DURATION',
    'must be a duration: a whole number and ms, s, m, h or d, such as 30s',
  );

const Argv = (): PropertyDecorator => {
  const [least, most] = REQUEST_LIMITS.arguments;
  return Rule('BAD_COMMAND', `must be a list of ${least} to ${most} texts: a program and its arguments`, (value) => {
    if (!Array.isArray(value) || value.length < least || value.length > most) return false;
    return isProgram(value[0]) && value.every(isArgument);
  });
};

const Variables = (): PropertyDecorator => {
  const most = REQUEST_LIMITS.variables[1];
  const message = `must be an object of at most ${most} variables: names of letters, digits and _, values of text`;
  return Rule('BAD_ENVIRONMENT', message, (value) => {
    if (!isPlainObject(value)) return false;
    const entries = Object.entries(value as object);
    return entries.length <= most && entries.every(([name, text]) => isVariable(name) && isArgument(text));
  });
};

const Labels = (): PropertyDecorator => {
  const [least, most] = REQUEST_LIMITS.labels;
  return Rule('BAD_LABELS', `must be an object of ${least} to ${most} labels: names, and values of text`, (value) => {
    if (!isPlainObject(value)) return false;
    const entries = Object.entries(value as object);
    const isFew = entries.length >= least && entries.length <= most;
    return isFew && entries.every(([name, text]) => isLabel(name) && isLabelValue(text));
  });
};

const Url = (): PropertyDecorator =>
  Text(REQUEST_PATTERNS.url, 'BAD_URL', 'must be an address that starts with http://, https:// or file://');

export class SourceDto {
  @Optional() @Name() site?: unknown;
  @Url() url?: unknown;
}

export class ArtifactDto {
  @Url() url?: unknown;

  @Text(
    REQUEST_PATTERNS.sha256,
    'BAD_SHA256',
    'must be the SHA-256 of the file: 64 lower-case hex digits, as sha256sum prints them',
  )
  sha256?: unknown;

  @Optional() @NestedList(() => SourceDto, REQUEST_LIMITS.sources[1]) sources?: unknown;
}

export class RequestedArtifactDto extends ArtifactDto {
  @Optional() @OneOf('planner') check?: unknown;
}

export class CanaryDto {
  @Optional() @Name() host?: unknown;
}

export class ApprovalsDto {
  @Optional() @OneOf('required', 'policy') batches?: unknown;
}

export class TargetsDto {
  @Labels() labels?: unknown;
}

export class InventoryWishDto {
  @Optional() @Duration() maxAge?: unknown;

  @Optional()
  @Text(REQUEST_PATTERNS.note, 'BAD_TEXT', 'must say why, in 1 to 500 characters')
  allowStale?: unknown;
}

export class ActorDto {
  @Text(REQUEST_PATTERNS.actor, 'BAD_NAME', 'must be a name of 1 to 200 characters without control characters')
  id?: unknown;

  @OneOf('user', 'service', 'agent', 'policy') kind?: unknown;
}

export class VerifyDto {
  @Optional()
  @Text(REQUEST_PATTERNS.path, 'BAD_PATH', 'must be a path that starts with / and has no spaces')
  path?: unknown;

  @Optional() @Int(REQUEST_LIMITS.port) port?: unknown;
  @Optional() @Int(REQUEST_LIMITS.status) status?: unknown;
  @Optional() @Int(REQUEST_LIMITS.successes) successes?: unknown;
  @Optional() @Duration() interval?: unknown;
}

export class StepRetriesDto {
  @Optional() @Int(REQUEST_LIMITS.stepRetries) drain?: unknown;
  @Optional() @Int(REQUEST_LIMITS.stepRetries) download?: unknown;
  @Optional() @Int(REQUEST_LIMITS.stepRetries) install?: unknown;
  @Optional() @Int(REQUEST_LIMITS.stepRetries) verify?: unknown;
  @Optional() @Int(REQUEST_LIMITS.stepRetries) enable?: unknown;
}

export class DeadlinesDto {
  @Optional() @Duration() drain?: unknown;
  @Optional() @Duration() download?: unknown;
  @Optional() @Duration() install?: unknown;
  @Optional() @Duration() verify?: unknown;
  @Optional() @Duration() enable?: unknown;
}

export class HookDto {
  @Argv() command?: unknown;
  @Int(REQUEST_LIMITS.stepTimeoutMs) timeoutMs?: unknown;
}

export class PreStopDto extends HookDto {
  @Optional() @Flag() required?: unknown;
}

export class ProcessProfileDto {
  @OneOf('process', 'exec') kind?: unknown;
  @Argv() command?: unknown;
  @Optional() @Variables() env?: unknown;
  @Int(REQUEST_LIMITS.stopGraceMs) stopGraceMs?: unknown;
  @Optional() @Nested(() => PreStopDto) preStop?: unknown;
  @Optional() @Nested(() => HookDto) postStart?: unknown;
  @Optional() @Flag() recreate?: unknown;
  @Optional() @Flag() self?: unknown;
}

export class ScriptsDto {
  @Optional() @Argv() drain?: unknown;
  @Optional() @Argv() download?: unknown;
  @Optional() @Argv() install?: unknown;
  @Optional() @Argv() verify?: unknown;
  @Optional() @Argv() enable?: unknown;
  @Optional() @Argv() probe?: unknown;
}

export class ExecProfileDto {
  @OneOf('process', 'exec') kind?: unknown;
  @Nested(() => ScriptsDto) steps?: unknown;
  @Optional() @Variables() env?: unknown;
  @Int(REQUEST_LIMITS.stepTimeoutMs) stepTimeoutMs?: unknown;
}
