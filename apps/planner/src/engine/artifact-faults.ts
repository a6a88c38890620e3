import type { ArtifactRef, DeployRequest, Fault } from '@sluice/contracts';
import type { Clock } from '@sluice/kernel';

import type { ArtifactPort } from './ports.js';

const MAX_AT_ONCE = 4;

/**
 * What is wrong with the bytes of a request that wants them to be looked at (MOM-02): its own, and those of its services.
 * Codes: ARTIFACT_MISSING, ARTIFACT_MISMATCH, ARTIFACT_NOT_CHECKED.
 */
export async function artifactFaults(
  { artifact, traffic }: DeployRequest,
  port: ArtifactPort | undefined,
): Promise<readonly Fault[]> {
  if (artifact?.check !== 'planner') return [];
  if (port === undefined) {
    const message = 'this planner cannot fetch artifacts: leave `check` out, or ask one that can';
    return [{ path: '/artifact/check', code: 'ARTIFACT_NOT_CHECKED', message }];
  }
  const own = Object.entries(traffic?.artifacts ?? {}).map(([name, each]) => ({
    path: `/traffic/artifacts/${name}`,
    artifact: each,
  }));
  const wanted = [{ path: '/artifact', artifact }, ...own];
  const faults: Fault[] = [];
  for (let from = 0; from < wanted.length; from += MAX_AT_ONCE) {
    const looks = wanted.slice(from, from + MAX_AT_ONCE).map((each) => faultOf(each, port));
    faults.push(...(await Promise.all(looks)).flat());
  }
  return faults;
}

async function faultOf(
  { path, artifact }: { readonly path: string; readonly artifact: ArtifactRef },
  port: ArtifactPort,
): Promise<readonly Fault[]> {
  const look = await port.look(artifact);
  switch (look.kind) {
    case 'same':
      return [];
    case 'missing': {
      const message = `cannot be had (${look.words}): publish the file there first, then send the request again`;
      return [{ path: `${path}/url`, code: 'ARTIFACT_MISSING', message }];
    }
    case 'differs': {
      const message = `${look.words}: publish the file that is meant, or say the sha256 of the one that is there`;
      return [{ path: `${path}/sha256`, code: 'ARTIFACT_MISMATCH', message }];
    }
  }
}

/** The faults, or none when they are not known within that time; without a bound they are waited for. */
export function within(
  ms: number | undefined,
  faults: Promise<readonly Fault[]>,
  clock: Clock,
): Promise<readonly Fault[]> {
  if (ms === undefined) return faults;
  return new Promise((resolve, reject) => {
    const cancel = clock.schedule(ms, () => resolve([]));
    void faults.then(resolve, reject).finally(cancel);
  });
}
