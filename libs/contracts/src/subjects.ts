import { encodeToken } from './tokens.js';
import type { Shard } from './shards.js';

/** Every subject, stream and bucket name of Sluice. No other file has such a literal (design 3). */
export const STREAMS = {
  requests: 'SLUICE_REQUESTS',
  log: 'SLUICE_LOG',
  notify: 'SLUICE_NOTIFY',
  checkpoints: 'SLUICE_CHECKPOINTS',
  access: 'SLUICE_ACCESS',
} as const;

export const BUCKETS = {
  inventory: 'sluice_inventory',
  leases: 'sluice_leases',
  weights: 'sluice_weights',
  index: 'sluice_index',
  /** Who may call the API: hashes of bearer tokens, never the tokens. */
  tokens: 'sluice_tokens',
  /** What the installation remembers of itself: that its log was created. */
  meta: 'sluice_meta',
} as const;

/** Who writes a stream of the log: every stream has exactly one writing service. */
export type Writer =
  'plan' | 'exec' | 'group' | 'variable' | 'dependency' | 'freeze' | 'label' | 'hold' | 'gate' | 'notice';

/** One stream of the log; `id` is a rollout id, a group stream id or a refusal id. */
export interface StreamName {
  readonly shard: Shard;
  readonly writer: Writer;
  readonly id: string;
}

export const streamKey = (stream: StreamName): string => `${stream.writer}.${stream.id}`;

export type CommandAggregate =
  | 'rollout'
  | 'group'
  | 'plan'
  | 'inventory'
  | 'members'
  | 'variable'
  | 'fleet'
  | 'dependency'
  | 'freeze'
  | 'label'
  | 'hold';

export const SUBJECTS = {
  allRequests: 'sluice.request.>',
  deployRequest: (app: string): string => `sluice.request.deploy.${encodeToken(app)}`,
  allDeployRequests: 'sluice.request.deploy.*',
  /** Outcomes are found by the request's id, or by the name that the planner gave the document when it has none. */
  outcome: (requestId: string): string => `sluice.outcome.${encodeToken(requestId)}`,
  log: (stream: StreamName): string => `sluice.log.${stream.shard}.${stream.writer}.${stream.id}`,
  logOfShard: (shard: Shard): string => `sluice.log.${shard}.>`,
  logOfShardAndWriter: (shard: Shard, writer: Writer): string => `sluice.log.${shard}.${writer}.>`,
  logOfWriter: (writer: Writer): string => `sluice.log.*.${writer}.>`,
  logOfId: (shard: Shard, id: string): string => `sluice.log.${shard}.*.${id}`,
  wholeLog: 'sluice.log.>',
  command: (aggregate: CommandAggregate): string => `sluice.command.${aggregate}`,
  /** Between executors: commands that came to one that does not drive their shard. */
  shardCommand: (shard: Shard): string => `sluice.command.shard.${shard}`,
  agentRun: (host: string): string => `sluice.agent.${encodeToken(host)}.run`,
  agentStatus: (host: string): string => `sluice.agent.${encodeToken(host)}.status`,
  agentOutput: (host: string): string => `sluice.agent.${encodeToken(host)}.output`,
  /** What a simulated fleet listens to: every host at once. */
  allAgentRuns: 'sluice.agent.*.run',
  allAgentStatus: 'sluice.agent.*.status',
  report: (shard: Shard, host: string): string => `sluice.report.${shard}.${encodeToken(host)}`,
  reportsOfShard: (shard: Shard): string => `sluice.report.${shard}.*`,
  hello: (host: string): string => `sluice.hello.${encodeToken(host)}`,
  allHellos: 'sluice.hello.*',
  notify: (app: string, severity: string): string => `sluice.notify.${encodeToken(app)}.${severity}`,
  allNotifications: 'sluice.notify.>',
  /** Signed checkpoints of the log, each a note as it stands in its file. */
  checkpoint: 'sluice.checkpoint',
  /** Asks the checkpointer how it stands. */
  checkpointerStatus: 'sluice.checkpointer.status',
  /** Who took what out of the log. */
  access: 'sluice.access',
  /** Asks for such a record: of who may not write it. The second is its name in the account of auditors. */
  accessRecord: 'sluice.access.record',
  auditorsAccessRecord: 'audit.access.record',
} as const;

/** The stream that a log subject names; undefined for any other subject. */
export function streamOfSubject(subject: string): StreamName | undefined {
  const [root, log, shard, writer, id, ...rest] = subject.split('.');
  if (
    root !== 'sluice' ||
    log !== 'log' ||
    shard === undefined ||
    writer === undefined ||
    id === undefined ||
    rest.length > 0
  )
    return undefined;
  return isWriter(writer) ? { shard, writer, id } : undefined;
}

const WRITERS: ReadonlySet<string> = new Set<Writer>([
  'plan',
  'exec',
  'group',
  'variable',
  'dependency',
  'freeze',
  'label',
  'hold',
  'gate',
  'notice',
]);

const isWriter = (text: string): text is Writer => WRITERS.has(text);
