import type { RecordedCommit } from '@sluice/contracts';
import { decodeToken } from '@sluice/contracts';
import { evolveGroup, type GroupState, initialGroup } from '@sluice/group';

/** Every group that the log knows: lease, exclusions, blocked versions, version history. */
export class GroupIndex {
  private readonly groups = new Map<string, { rev: number; state: GroupState }>();

  forgetAll(): void {
    this.groups.clear();
  }

  apply(commit: RecordedCommit): void {
    if (!isGroup(commit)) return;
    const name = decodeToken(commit.stream.id.slice('g00-'.length));
    const known = this.groups.get(name) ?? { rev: 0, state: initialGroup() };
    if (commit.head.rev <= known.rev) return;
    for (const event of commit.events) known.state = evolveGroup(known.state, event);
    known.rev = commit.head.rev;
    this.groups.set(name, known);
  }

  names(): Iterable<string> {
    return this.groups.keys();
  }

  get(name: string): { readonly rev: number; readonly state: GroupState } | undefined {
    return this.groups.get(name);
  }
}

const isGroup = (commit: RecordedCommit): commit is RecordedCommit<'group'> => commit.stream.writer === 'group';
