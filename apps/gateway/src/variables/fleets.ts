import { decodeToken, type RecordedCommit, variableOfStreamId } from '@sluice/contracts';

import { FleetView } from './fleet-view.js';

/** The fleet of whoever names none. */
export const DEFAULT_FLEET = 'default';

/** All fleets that the log has told of, and the default one. */
export class Fleets {
  private readonly views = new Map<string, FleetView>();

  /** Undefined for one that nobody defined a variable in and no host joined. */
  find(name: string): FleetView | undefined {
    return this.views.get(name) ?? (name === DEFAULT_FLEET ? this.viewOf(name) : undefined);
  }

  /** By name; those that hold something. */
  all(): readonly FleetView[] {
    return [...this.views.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  apply(commit: RecordedCommit): void {
    if (!isVariable(commit)) return;
    const { id } = commit.stream;
    const named = variableOfStreamId(id);
    const fleet = named?.fleet ?? decodeToken(id.slice('h00-'.length));
    const { rev, at } = commit.head;
    this.viewOf(fleet).apply(named?.variable ?? '', { rev, at, events: commit.events });
  }

  forgetAll(): void {
    this.views.clear();
  }

  private viewOf(name: string): FleetView {
    const known = this.views.get(name) ?? new FleetView(name);
    this.views.set(name, known);
    return known;
  }
}

const isVariable = (commit: RecordedCommit): commit is RecordedCommit<'variable'> =>
  commit.stream.writer === 'variable';
