import type { ArtifactRef, DeployRequest, RequestedArtifact } from '@sluice/contracts';

/** What agents are told of the artifact: that the planner looks at it is no matter of theirs. */
export function bytesOf({ artifact }: DeployRequest): ArtifactRef {
  // A request whose artifact is faulty comes without it, and is planned all the same to find its other faults.
  const { check: _, ...bytes } = artifact ?? ({} as RequestedArtifact);
  return bytes;
}
