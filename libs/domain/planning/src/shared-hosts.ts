import type { BatchSizes, PlanTarget } from '@sluice/contracts';
import { invariant } from '@sluice/kernel';

/** Another group with members on some of the hosts that are deployed to. */
export interface SharingGroup {
  readonly group: string;
  /** All its members that are there. */
  readonly members: number;
  /** Of those, the hosts that it shares with the group of the plan. */
  readonly hosts: readonly string[];
}

/** A group whose share of the targets is larger than one batch may take of it. */
export interface Binding {
  readonly cap: number;
  readonly hosts: ReadonlySet<string>;
}

/** More runs of sizes than that would make the plan too large for its commit: batches of one size are made instead. */
const MAX_RUNS = 5_000;

/**
 * Groups of which no batch may take more than max(1, floor(p%)), p being the share of this plan's batches (TRS-12); only
 * those of which the plan has more targets than that.
 */
export function bindingGroups(
  targets: readonly PlanTarget[],
  sharing: readonly SharingGroup[],
  percent: number,
): readonly Binding[] {
  const wanted = new Set(targets.map(({ host }) => host));
  return sharing.flatMap(({ members, hosts }): Binding[] => {
    const cap = Math.max(1, Math.floor((members * percent) / 100));
    const shared = new Set(hosts.filter((host) => wanted.has(host)));
    return shared.size > cap ? [{ cap, hosts: shared }] : [];
  });
}

/**
 * A for a plan on shared hosts. A host that failed in an earlier batch is still out while the next one is in work, so
 * batches alone do not keep a sharing group whole: the smallest of the caps does, at any time.
 */
export function reducedUnavailable(maxUnavailable: number, bindings: readonly Binding[]): number {
  return bindings.reduce((least, { cap }) => Math.min(least, cap), maxUnavailable);
}

/** Cuts each batch, in the order of its targets, wherever the next target would be one too many of some group. */
export function cutBatches(
  targets: readonly PlanTarget[],
  batches: BatchSizes,
  bindings: readonly Binding[],
): BatchSizes {
  if (bindings.length === 0) return batches;
  const capsOf = capsByHost(bindings);
  const runs = new Runs();
  let place = 0;
  for (const [size, times] of batches) {
    for (let i = 0; i < times; i += 1) {
      cutBatch(targets.slice(place, place + size), capsOf, runs);
      place += size;
    }
  }
  invariant(place === targets.length, 'the batches must hold every target', { place, targets: targets.length });
  return runs.sizes.length <= MAX_RUNS ? runs.sizes : evenBatches(targets.length, batches, bindings);
}

type CapsOf = ReadonlyMap<string, readonly Binding[]>;

function capsByHost(bindings: readonly Binding[]): CapsOf {
  const byHost = new Map<string, Binding[]>();
  for (const binding of bindings) {
    for (const host of binding.hosts) {
      const known = byHost.get(host);
      if (known === undefined) byHost.set(host, [binding]);
      else known.push(binding);
    }
  }
  return byHost;
}

function cutBatch(batch: readonly PlanTarget[], capsOf: CapsOf, runs: Runs): void {
  let taken = new Map<Binding, number>();
  let size = 0;
  for (const { host } of batch) {
    const groups = capsOf.get(host) ?? [];
    if (groups.some((group) => (taken.get(group) ?? 0) >= group.cap)) {
      runs.add(size);
      [taken, size] = [new Map(), 0];
    }
    for (const group of groups) taken.set(group, (taken.get(group) ?? 0) + 1);
    size += 1;
  }
  runs.add(size);
}

/** Batches as large as the smallest cap hold no group's cap up, whatever is in them. */
function evenBatches(count: number, batches: BatchSizes, bindings: readonly Binding[]): BatchSizes {
  const largest = batches.reduce((most, [size]) => Math.max(most, size), 1);
  const size = reducedUnavailable(largest, bindings);
  const rest = count % size;
  const runs = new Runs();
  runs.add(size, Math.floor(count / size));
  runs.add(rest);
  return runs.sizes;
}

class Runs {
  readonly sizes: [number, number][] = [];

  add(size: number, times = 1): void {
    if (size === 0 || times === 0) return;
    const last = this.sizes.at(-1);
    if (last?.[0] === size) last[1] += times;
    else this.sizes.push([size, times]);
  }
}
