import { hashLeaf } from '@sluice/proof';

import type { AuditedCommit, CommitSource } from './source.js';

/** The leaf of a commit in the tree: of its bytes, or what was kept when those were deleted. */
export const leafOf = ({ bytes, pruned }: AuditedCommit): Buffer => pruned?.leaf ?? hashLeaf(bytes);

/** What can still be read of a log: for whoever follows events, and needs no tree. */
export async function* withoutPruned(source: CommitSource): CommitSource {
  for await (const commit of source) if (commit.pruned === undefined) yield commit;
}
