export type {
  AttemptStatus,
  FailedSource,
  Hello,
  HelloApp,
  OutputQuery,
  OutputReply,
  RefusalCode,
  ReportAnswer,
  RunCommand,
  RunKind,
  RunReply,
  RunReport,
  Sourcing,
  StatusQuery,
  StepReport,
} from './agent-protocol.js';
export { attemptId, encodeRunCommand, specHashOf } from './agent-protocol.js';
export type {
  BuiltInGate,
  ComparedQuery,
  ComparisonMeasure,
  BurnRateMeasure,
  FactsMeasure,
  GateAction,
  GateDocument,
  GateLimits,
  GateMeasure,
  GateName,
  GatePhase,
  GateSpec,
  MeasureDocument,
  SmokeMeasure,
  SmokeRequest,
  ThresholdMeasure,
  WebhookMeasure,
} from './gates.js';
export { BUILT_IN_GATES } from './gates.js';
export type {
  GroupSides,
  GroupSidesDocument,
  PlanSideService,
  PlanTraffic,
  PlanWeight,
  ServiceCapacity,
  SideService,
  TrafficWishes,
  WeightDocument,
  WeightPlace,
  Weights,
} from './traffic.js';
export type {
  Comparison,
  DecidedAgain,
  Decision,
  DecisionKind,
  DecisionPlace,
  Explanation,
  InputOrigin,
  Sum,
  Term,
  Threshold,
  Traced,
  TracedCommit,
} from './decisions.js';
export { compares, decisionAt, DECISION_KINDS, decisionId, metaAt, weigh } from './decisions.js';
export type { FreezeCommand, FreezeScope } from './freezes.js';
export { NEW_FREEZE } from './freezes.js';
export { DOCUMENTS } from './documents.js';
export type { HoldCommand, HoldScope } from './holds.js';
export type { LabelCommand, RolloutLabel } from './labels.js';
export type {
  ApprovalName,
  CommandEnvelope,
  CommandResult,
  DependencyCommand,
  GroupCommand,
  RolloutCommand,
  RolloutCommandType,
} from './commands.js';
export type {
  AssignmentRule,
  BehindMembers,
  BrakeCause,
  DependencyEvent,
  DomainEvent,
  Drift,
  EndCause,
  EventMeta,
  EventsOfWriter,
  EventToAppend,
  FleetEvent,
  FreezeEvent,
  FoundDrift,
  ForcedMode,
  GateEvent,
  GateJudged,
  GroupEvent,
  HoldEvent,
  LabelEvent,
  LeaseOutcome,
  VersionSuccess,
  NoticeEvent,
  PlanEvent,
  RampEvent,
  RampPhase,
  RecordedCommit,
  RollbackTarget,
  RolloutEvent,
  RosterCheckpoint,
  RosterEvent,
  SeenMember,
  Side,
  StopCause,
  StreamHead,
  TargetCounts,
  TrafficEvent,
  WaitKind,
  Verdict,
  UnreachableHosts,
  VariableCheckpoint,
  VariableEvent,
} from './events/index.js';
export { EMPTY_HEAD } from './events/index.js';
export { canonicalJson, hashOf, sha256 } from './hashing.js';
export type {
  GroupBalancer,
  GroupDocument,
  GroupEntry,
  InventoryCommand,
  InventoryDocument,
  InventoryRecord,
  InventorySource,
  InventoryUsed,
  LabelledProfile,
  MemberDocument,
  MemberEntry,
  RequestTemplate,
  TemplateCommand,
  TemplateEntry,
} from './inventory.js';
export type { MembersPage, MembersQuery, PlannableMember } from './members.js';
export type { Notification, NotificationData, NotificationType, Severity } from './notification.js';
export { NOTIFICATION_TYPES } from './notification.js';
export type {
  BatchSizes,
  LeftOut,
  Plan,
  PlanBalancer,
  PlanBudget,
  PlanEstimate,
  PlanPreview,
  PlanTarget,
  PlanWaits,
  PreviewBatch,
  PreviewReply,
  StepName,
  StepSpec,
} from './plan.js';
export { STEP_CHAIN } from './plan.js';
export type { Estimated } from './estimate.js';
export { estimateOf } from './estimate.js';
export type { Ranges } from './ranges.js';
export { fromRanges, toRanges } from './ranges.js';
export type { ArtifactRef, ArtifactSource, DurationText } from './artifact.js';
export type {
  ChainStep,
  DeployRequest,
  Environment,
  ExecProfile,
  Fault,
  LbMode,
  Hook,
  ProcessProfile,
  Profile,
  RequestOutcome,
  RolloutMode,
  Strategy,
  VerifySpec,
  RequestedArtifact,
} from './request.js';
export { REQUEST_API_VERSION } from './request.js';
export {
  MESSAGE_SCHEMAS,
  parseAttemptStatus,
  parseDependencyCommand,
  parseFleetCommand,
  parseFreezeCommand,
  parseGroupCommand,
  parseHello,
  parseHoldCommand,
  parseLabelCommand,
  parseOutputQuery,
  parseOutputReply,
  parseReportAnswer,
  parseRolloutCommand,
  parseRunCommand,
  parseRunReply,
  parseRunReport,
  parseStatusQuery,
  parseVariableCommand,
} from './schemas/messages.js';
export { DEPLOY_REQUEST_SCHEMA } from './schemas/deploy-request.js';
export { RAMP_WISHES_SCHEMA } from './schemas/ramp-wishes.js';
export { GATE_MEASURE_SCHEMAS, gateDocument as gateDocumentSchema } from './schemas/gate-documents.js';
export { REQUEST_LIMITS, REQUEST_PATTERNS } from './schemas/request-limits.js';
export { INVENTORY_GROUP_SCHEMA, INVENTORY_SCHEMA, TEMPLATE_SCHEMA } from './schemas/inventory.js';
export { COMMIT_SCHEMA, EVENT_SCHEMAS } from './schemas/events.js';
export { NOTIFICATION_SCHEMA, parseNotification } from './schemas/notification.js';
export type { Schema } from './schemas/parts.js';
export { MAX_MESSAGE_BYTES, parserOf } from './schemas/validate.js';
export type { CommitToEncode, DecodedCommit } from './serde/commit.js';
export { decodeCommit, encodeCommit, MAX_COMMIT_BYTES, MAX_COMMIT_EVENTS } from './serde/commit.js';
export { decodeEvent, encodeEvent, EVENT_TYPES } from './serde/events.js';
export type { StoredCommit, StoredEvent } from './serde/stored.js';
export { storedTargetsSize } from './serde/target-lists.js';
export type { LeasedWork, LeaseKeys, MemberLease, PartLease } from './leases.js';
export { LEASED, leaseKeys, readLease } from './leases.js';
export type { Shard } from './shards.js';
export {
  ALL_SHARDS,
  dependencyStreamId,
  FREEZE_STREAM,
  groupStreamId,
  HOLD_STREAM,
  isRolloutId,
  labelStreamId,
  refusalIdOf,
  rolloutIdOf,
  rosterStreamId,
  SHARD_COUNT,
  shardName,
  shardOfGroup,
  shardOfId,
  variableOfStreamId,
  variableStreamId,
} from './shards.js';
export type { Stage, StageEntry, TrafficPart } from './stages.js';
export { batchCount, specsAt, stageAt, stageCount } from './stages.js';
export type { CommandAggregate, StreamName, Writer } from './subjects.js';
export { BUCKETS, STREAMS, streamKey, streamOfSubject, SUBJECTS } from './subjects.js';
export { decodeToken, encodeToken, MAX_NAME_BYTES } from './tokens.js';
export type { TraceContext } from './trace.js';
export {
  childOf,
  readTraceparent,
  rolloutSpan,
  spanIdOf,
  stageSpan,
  TRACE_HEADER,
  TRACEPARENT_PATTERN,
  traceparentOf,
} from './trace.js';
export { MEMBERS_PAGE, parseMembersPage, parseMembersQuery } from './schemas/members.js';
export { parseWeightDocument } from './schemas/weights.js';
export { maxUnavailableFor } from './budget.js';
export { rollbackRequestId } from './rollbacks.js';
export type {
  FleetCommand,
  GroupFleet,
  GroupFleetDocument,
  PlanRamp,
  RampLimit,
  RampPoint,
  RampWishes,
  RoleLimit,
  Scalar,
  ScalarType,
  Spite,
  VariableCommand,
  VariableCommandType,
  VariableSchedule,
  VariableSpec,
} from './variables.js';
export {
  FLEET_BATCH,
  MAX_FLEET_HOSTS,
  MAX_FLEET_ROLES,
  VARIABLE_NAME_PATTERN,
  variableOfTarget,
  variableTarget,
} from './variables.js';
