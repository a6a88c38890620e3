import type { CommitView } from '@sluice/gateway';

import { type Shell, showNext } from '../commands/shell.js';
import { Progress } from '../timeline/progress.js';
import { formatLine, Timeline } from '../timeline/timeline.js';
import { Screen } from './screen.js';

/** Tells a rollout as it goes, or as it went. */
export interface Teller {
  tell(commit: CommitView): void;
  /** Somebody watches: shows how far it is, with a line of its own below. */
  live(note?: string): void;
  end(): void;
}

/** Lines that go by; on a terminal with a bar below them that stays. */
export function tellerOf(shell: Shell): Teller {
  const timeline = new Timeline();
  const { terminal } = shell;
  if (terminal === undefined || shell.format !== 'table') {
    const tell = (commit: CommitView): void => showNext(shell, commit, () => timeline.add(commit).map(formatLine));
    return { tell, live: () => {}, end: () => {} };
  }
  const screen = new Screen(terminal);
  const progress = new Progress();
  return {
    tell(commit) {
      progress.add(commit);
      for (const line of timeline.add(commit)) screen.line(formatLine(line));
    },
    live(note) {
      const columns = terminal.columns();
      screen.foot([
        ...progress.lines(columns),
        ...(note === undefined ? [] : [note.slice(0, Math.max(1, columns - 1))]),
      ]);
    },
    end: () => screen.end(),
  };
}
