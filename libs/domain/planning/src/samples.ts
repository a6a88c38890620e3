import type { DeployRequest, GroupEntry, MemberEntry, RequestedArtifact } from '@sluice/contracts';

import { makePlan } from './make-plan.js';
import type { MadePlan, PlanInput } from './plan-input.js';

/** Inputs that the tests of this package share. */
export const SAMPLE_REQUEST: DeployRequest & { readonly artifact: RequestedArtifact } = {
  app: 'shop',
  group: 'shop-web',
  version: '2.0.0',
  artifact: { url: 'https://store.example/shop-2.0.0.tgz', sha256: 'ab'.repeat(32) },
};

export const SAMPLE_GROUP: GroupEntry = {
  name: 'shop-web',
  app: 'shop',
  environment: 'production',
  profile: { kind: 'process', command: ['node', 'server.js'], stopGraceMs: 10_000 },
};

export const sampleMember = (host: string, facts: Partial<MemberEntry> = {}): MemberEntry => ({
  group: 'shop-web',
  app: 'shop',
  host,
  running: '1.0.0',
  serving: true,
  ...facts,
});

export const sampleMembers = (n: number, facts: (i: number) => Partial<MemberEntry> = () => ({})): MemberEntry[] =>
  Array.from({ length: n }, (_, i) => sampleMember(`web-${String(i + 1).padStart(6, '0')}`, facts(i)));

export function sampleInput(members: readonly MemberEntry[], request: Partial<DeployRequest> = {}): PlanInput {
  return {
    request: { ...SAMPLE_REQUEST, ...request },
    requestId: 'request-1',
    documentHash: 'cd'.repeat(32),
    rolloutId: 'r07-0123456789ABCDEFGHJKMNPQRS',
    group: SAMPLE_GROUP,
    members,
    exclusions: new Map(),
    blocked: new Map(),
  };
}

type Made = Extract<MadePlan, { ok: true }>;

/** The plan of an input that has no faults. */
export function madePlan(input: PlanInput): Made {
  const made = makePlan(input);
  if (!made.ok) throw new Error(`no plan: ${JSON.stringify(made.faults)}`);
  return made;
}

/** path and code of each fault of an input that has some. */
export function faultsOf(input: PlanInput): readonly string[] {
  const made = makePlan(input);
  return made.ok ? [] : made.faults.map(({ path, code }) => `${path} ${code}`);
}
