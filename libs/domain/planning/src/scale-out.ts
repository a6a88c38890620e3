import type { DeployRequest, Fault, LeftOut, PlanTarget } from '@sluice/contracts';

import type { Eligible } from './ordering.js';

/** A version that has succeeded in the group and is not blocked, with the bytes that it succeeded with. */
export interface ProvenVersion {
  readonly version: string;
  /** Lower-case hex. */
  readonly sha256: string;
}

export interface ScaledOut {
  readonly targets: readonly PlanTarget[];
  readonly leftOut: readonly LeftOut[];
  readonly faults: readonly Fault[];
}

const MAX_CANDIDATES = 10;

/**
 * A proven version on the eligible members that do not run it yet (TAR-45, MOM-09). Proven are the bytes, not the name
 * alone: another file under the same version has succeeded nowhere. Codes: VERSION_NOT_PROVEN, NOTHING_TO_SCALE.
 */
export function scaleOut(request: DeployRequest, eligible: Eligible, proven: readonly ProvenVersion[]): ScaledOut {
  const { version } = request;
  const targets = eligible.targets.filter(({ from }) => from !== version);
  const running = eligible.targets.filter(({ from }) => from === version);
  const already = running.map(({ host }): LeftOut => ({ host, reason: `runs ${version} already` }));
  return {
    targets,
    leftOut: [...eligible.leftOut, ...already],
    faults: [...provenFaults(request, proven), ...nothingFaults(version, targets, running)],
  };
}

function provenFaults({ version, artifact }: DeployRequest, proven: readonly ProvenVersion[]): readonly Fault[] {
  const named = proven.filter((each) => each.version === version);
  if (named.some(({ sha256 }) => sha256 === artifact?.sha256)) return [];
  const why =
    named.length > 0
      ? `${version} has succeeded in this group with another file (sha256 ${named[0]?.sha256 ?? ''})`
      : `${version} has not succeeded in this group, or is blocked`;
  const versions = [...new Set(proven.map((each) => each.version))].slice(0, MAX_CANDIDATES);
  const candidates = versions.length === 0 ? 'no version is proven here yet' : `proven here: ${versions.join(', ')}`;
  const message = `${why}: deploy it with strategy canary or rolling first (${candidates})`;
  return [{ path: '/version', code: 'VERSION_NOT_PROVEN', message }];
}

function nothingFaults(version: string, targets: readonly unknown[], running: readonly unknown[]): readonly Fault[] {
  // A group without any host is told by itself.
  if (targets.length > 0 || running.length === 0) return [];
  const message = `every host of the group that can be deployed to runs ${version} already: nothing to do`;
  return [{ path: '/strategy', code: 'NOTHING_TO_SCALE', message }];
}
