import type { ArtifactRef, DeployRequest } from '@sluice/contracts';

/** What agents are told of the artifact: that the planner looks at it is no matter of theirs. */
export function bytesOf({ artifact }: DeployRequest): ArtifactRef {
  const { check: _, ...bytes } = artifact;
  return bytes;
}
