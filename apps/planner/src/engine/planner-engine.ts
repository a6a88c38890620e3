import {
  type Fault,
  type PlanEvent,
  type PlanPreview,
  refusalIdOf,
  type RequestOutcome,
  sha256,
} from '@sluice/contracts';
import { isSluiceError } from '@sluice/kernel';
import {
  boundFaults,
  makePlan,
  type PlanStreamState,
  previewOf,
  sealPlan,
  type SealedPlan,
  unreachableOf,
} from '@sluice/planning';

import { aboutAnyway, type ReadRequest, readRequest } from '../request/request.js';
import { withTemplate } from '../request/with-template.js';
import { artifactFaults, within } from './artifact-faults.js';
import { driftOf } from './drift.js';
import { gather } from './gather.js';
import { PlanStreams } from './plan-streams.js';
import type { PlannerDeps } from './ports.js';

export type Previewed =
  { readonly ok: true; readonly preview: PlanPreview } | { readonly ok: false; readonly faults: readonly Fault[] };

type Planned =
  | {
      readonly ok: true;
      readonly sealed: SealedPlan;
      readonly used: Beside;
    }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** What is told beside a plan, and is no part of it. */
type Beside = Pick<Extract<PlanEvent, { readonly type: 'RolloutPlanned' }>, 'inventory' | 'drift' | 'unreachable'>;

/** Whoever asks for a preview waits for it, and not for a large artifact: the request itself is refused then. */
const PREVIEW_LOOK_MS = 2_000;

/** Turns deploy requests into fixed plans. Without a framework: the simulator runs it as the service does. */
export class PlannerEngine {
  readonly #streams: PlanStreams;

  constructor(private readonly deps: PlannerDeps) {
    this.#streams = new PlanStreams(deps.log, deps.clock, deps.newId);
  }

  /**
   * The outcome of a request as it was published; it is in the log when this resolves. The same document again is a
   * `duplicate`, whoever planned it. Throws only when the log cannot be used: the request is then to be tried again.
   * `trace`: the traceparent that the rollout will belong to.
   */
  async submit(bytes: Uint8Array, subjectApp?: string, trace?: string): Promise<RequestOutcome> {
    const request = readRequest(bytes, subjectApp);
    const known = await this.#known(request.streamId);
    if (known === undefined) return this.#pruned(request);
    if (known.sealed) return this.#again(request, known);
    const planned = await this.#plan(request);
    if (!planned.ok) return this.#refuse(request, request.streamId, planned.faults);
    const because = { cause: request.requestId, corr: request.requestId };
    const before = await this.#streams.settle(request.streamId, because, {
      type: 'plan',
      sealed: planned.sealed,
      ...(trace === undefined ? {} : { trace }),
      ...planned.used,
    });
    if (before.sealed) return this.#again(request, before);
    const { plan, planHash } = planned.sealed;
    return { v: 1, requestId: request.requestId, outcome: 'planned', rolloutId: plan.rolloutId, planHash };
  }

  /** What `submit` would plan now; writes nothing (TRS-01). `document`: the request as it is parsed from JSON. */
  async preview(document: unknown): Promise<Previewed> {
    const text = JSON.stringify(document) ?? 'null';
    const planned = await this.#plan(readRequest(new TextEncoder().encode(text)), PREVIEW_LOOK_MS);
    if (!planned.ok) return planned;
    const { unreachable, ...used } = planned.used;
    const silent =
      unreachable === undefined ? {} : { unreachable: unreachable.hosts, unreachableCount: unreachable.count };
    return { ok: true, preview: { ...previewOf(planned.sealed), ...silent, ...used } };
  }

  /** Refuses a request that makes the planner fail: a bug of ours, which must not keep other requests waiting. */
  refuseBroken(bytes: Uint8Array): Promise<RequestOutcome> {
    const hash = sha256(bytes);
    const message = 'the planner failed on this request: look into its log, and please report it';
    const request = {
      requestId: hash,
      documentHash: hash,
      streamId: refusalIdOf(hash),
      about: aboutAnyway(bytes),
      group: undefined,
      fields: {},
      faults: [],
    };
    return this.#refuse(request, request.streamId, [{ path: '', code: 'INTERNAL', message }]);
  }

  async #plan(read: ReadRequest, lookMs?: number): Promise<Planned> {
    const request = withTemplate(read, await this.#templatesFor(read));
    const { input, missed, facts } = await gather(request, this.deps);
    const made = makePlan(input);
    const faults = [...request.faults, ...(made.ok ? [] : relevantFaults(request, [...made.faults, ...missed]))];
    if (faults.length > 0 || !made.ok) return { ok: false, faults: boundFaults(faults) };
    const unfit = await within(lookMs, artifactFaults(input.request, this.deps.artifacts), this.deps.clock);
    if (unfit.length > 0) return { ok: false, faults: unfit };
    const drift = facts === undefined ? {} : await driftOf(made.targets, facts, this.deps.log);
    const unreachable = unreachableOf(made.targets, input.members, this.deps.clock.now());
    const used = { ...(made.used === undefined ? {} : { inventory: made.used }), ...drift, ...unreachable };
    return { ok: true, sealed: sealPlan(made.draft, made.targets), used };
  }

  #templatesFor(read: ReadRequest): ReturnType<PlannerDeps['inventory']['templates']> {
    return read.fields.template === undefined ? Promise.resolve(new Map()) : this.deps.inventory.templates();
  }

  /** Undefined for a rollout whose bytes were deleted from the archive. */
  async #known(streamId: string): Promise<PlanStreamState | undefined> {
    try {
      return await this.#streams.state(streamId);
    } catch (error) {
      if (isSluiceError(error, 'PRUNED')) return undefined;
      throw error;
    }
  }

  /**
   * It was planned once and is not planned anew. A document without an id is named by its hash, so that it is the same one;
   * whether it is under an id that was given nobody can say any more.
   */
  async #pruned(request: ReadRequest): Promise<RequestOutcome> {
    const { requestId, documentHash, streamId: rolloutId } = request;
    if (requestId === documentHash) return { v: 1, requestId, outcome: 'duplicate', rolloutId };
    const message = 'a request of this app and group had that id so long ago that it was pruned: choose another id';
    return this.#refuse(request, refusalIdOf(documentHash), [{ path: '/id', code: 'PRUNED', message }]);
  }

  /** The rollout exists: the same document is a duplicate, another one under the same id is refused. */
  async #again(request: ReadRequest, state: PlanStreamState): Promise<RequestOutcome> {
    const { requestId, documentHash } = request;
    if (state.documentHash !== documentHash) {
      const message = `the id "${requestId}" already names another request of this app and group: choose another id`;
      // Nothing follows the seal of a plan, so this refusal is kept on a stream of the document's own.
      const faults = boundFaults([{ path: '/id', code: 'ID_REUSED', message }, ...request.faults]);
      return this.#refuse(request, refusalIdOf(documentHash), faults);
    }
    const { rolloutId, planHash } = state;
    return {
      v: 1,
      requestId,
      outcome: 'duplicate',
      ...(rolloutId === undefined ? {} : { rolloutId }),
      ...(planHash === undefined ? {} : { planHash }),
    };
  }

  async #refuse(request: ReadRequest, streamId: string, faults: readonly Fault[]): Promise<RequestOutcome> {
    const { requestId, documentHash } = request;
    const refusal = { requestId, documentHash, faults, ...request.about };
    const before = await this.#streams.settle(
      streamId,
      { cause: requestId, corr: requestId },
      { type: 'refuse', refusal },
    );
    // Another planner was faster with the same document, and found no fault a moment ago.
    if (before.sealed && streamId === request.streamId) return this.#again(request, before);
    return { v: 1, requestId, outcome: 'refused', faults };
  }
}

/** Faults of fields that the planner did not see, because their form is wrong already, are no news. */
function relevantFaults(request: ReadRequest, faults: readonly Fault[]): readonly Fault[] {
  const known = new Set(request.faults.map(({ path }) => path.split('/')[1]));
  if (known.has('') || known.has(undefined)) return [];
  return faults.filter(({ path }) => !known.has(path.split('/')[1]));
}
