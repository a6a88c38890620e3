import { REQUEST_API_VERSION, REQUEST_LIMITS, REQUEST_PATTERNS } from '@sluice/contracts';
import { Type } from 'class-transformer';
import { ValidateIf, ValidateNested } from 'class-validator';

import {
  ActorDto,
  ApprovalsDto,
  CanaryDto,
  DeadlinesDto,
  Duration,
  ExecProfileDto,
  InventoryWishDto,
  Name,
  isVerifyFailure,
  ProcessProfileDto,
  RequestedArtifactDto,
  StepRetriesDto,
  TargetsDto,
  VerifyDto,
} from './parts.dto.js';
import { TrafficDto } from './traffic.dto.js';
import { Flag, Int, isPlainObject, Nested, OneOf, Optional, Rule, Text } from './rules.js';

const isList = (most: number) => (value: unknown) => Array.isArray(value) && value.length <= most;
const mostGates = REQUEST_LIMITS.gates[1];

/** Which rules hold for a profile depends on its kind; one of no known kind gets a fault for the kind. */
function profileType(owner: Readonly<Record<string, unknown>> | undefined): new () => object {
  const profile = owner?.['profile'];
  const isExec =
    isPlainObject(profile) && Object.entries(profile as object).some(([k, v]) => k === 'kind' && v === 'exec');
  return isExec ? ExecProfileDto : ProcessProfileDto;
}

/** The form of a deploy request, as DEPLOY_REQUEST_SCHEMA says it too (a test holds the two together). */
export class DeployRequestDto {
  @Optional() @OneOf(REQUEST_API_VERSION) apiVersion?: unknown;
  @Optional() @OneOf('DeployRequest') kind?: unknown;
  @Optional() @Name() id?: unknown;
  @Optional() @Name() template?: unknown;
  @Name() app?: unknown;
  @Name() group?: unknown;

  @Text(
    REQUEST_PATTERNS.version,
    'BAD_VERSION',
    'must be safe as the name of a folder: 1 to 128 of A-Z a-z 0-9 . _ + ~ -, the first a letter or a digit',
  )
  version?: unknown;

  /** What a variable is set to has no bytes: only a ramp comes without. */
  @ValidateIf(({ strategy }: DeployRequestDto, value: unknown) => strategy !== 'ramp' || value !== undefined)
  @Nested(() => RequestedArtifactDto)
  artifact?: unknown;

  @Optional() @OneOf('canary', 'rolling', 'scaleOut', 'traffic', 'blueGreen', 'ramp') strategy?: unknown;

  @Optional()
  @Text(
    REQUEST_PATTERNS.batches,
    'BATCHES_SYNTAX',
    'must be a batch rule: 25%, 0% (one at a time), a pattern 10%+20%+70% of at most 100 terms, or 4 (batches)',
  )
  batches?: unknown;

  @Optional() @Duration() interval?: unknown;
  @Optional() @Duration() tailInterval?: unknown;
  @Optional() @Int(REQUEST_LIMITS.tailFrom) tailFrom?: unknown;
  @Optional() @Nested(() => CanaryDto) canary?: unknown;
  @Optional() @Duration() bake?: unknown;
  @Optional() @Nested(() => ApprovalsDto) approvals?: unknown;
  @Optional() @Duration() startTimeout?: unknown;
  @Optional() @Flag() ignoreVerify?: unknown;
  @Optional() @Int(REQUEST_LIMITS.failureThreshold) failureThreshold?: unknown;
  @Optional() @Int(REQUEST_LIMITS.extraFailures) extraFailures?: unknown;
  @Optional() @Int(REQUEST_LIMITS.minServing) minServing?: unknown;
  @Optional() @Nested(() => TargetsDto) targets?: unknown;
  @Optional() @Nested(() => InventoryWishDto) inventory?: unknown;
  @Optional() @OneOf('automatic', 'manual') mode?: unknown;
  @Optional() @OneOf('hold', 'rollback') onCanaryFailure?: unknown;

  @Optional()
  @Rule('BAD_GATES', `must be a list of at most ${mostGates} gates: settled, ready, or objects`, isList(mostGates))
  gates?: unknown;

  @Optional() @Nested(() => TrafficDto) traffic?: unknown;
  @Optional() @Rule('BAD_OBJECT', 'must be an object', isPlainObject) ramp?: unknown;
  @Optional() @OneOf('bothWays', 'oneWay') dataCompatible?: unknown;

  @Optional()
  @Rule('BAD_OBJECT', 'must be an object', isPlainObject)
  @ValidateNested()
  @Type((help) => profileType(help?.object))
  profile?: unknown;

  @Optional() @Nested(() => VerifyDto) verify?: unknown;
  @Optional() @Duration() drainWindow?: unknown;
  @Optional() @OneOf('required', 'degrade') lb?: unknown;
  @Optional() @Flag() prefetch?: unknown;
  @Optional() @Flag() rollbackable?: unknown;
  @Optional() @Nested(() => StepRetriesDto) stepRetries?: unknown;

  @Optional()
  @Rule('BAD_CHOICE', "must be giveUp, or an object with then: waive and waivedBy: a person's name", isVerifyFailure)
  onVerifyFailure?: unknown;

  @Optional() @Nested(() => DeadlinesDto) deadlines?: unknown;
  @Optional() @OneOf('allowed', 'forbidden') mixedVersions?: unknown;
  @Optional() @Nested(() => ActorDto) requestedBy?: unknown;

  @Optional()
  @Text(REQUEST_PATTERNS.reason, 'BAD_TEXT', 'must be a text of at most 2000 characters')
  reason?: unknown;
}
