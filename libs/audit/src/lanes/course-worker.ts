import type { StreamName } from '@sluice/contracts';

import { CourseCheck } from '../course-check.js';
import { Findings } from '../found.js';
import { type CourseSeen, courseSeen } from '../report.js';
import { serveBatches } from './serve.js';

/** Streams under which commits stood that do not say so themselves, by their ordinals in the log. */
export type Places = readonly (readonly [ordinal: number, stream: StreamName])[];

const findings = new Findings();
const check = new CourseCheck(findings.report);
/** They may come with the batch before theirs. */
const placed = new Map<number, StreamName>();
const seen = (): CourseSeen => courseSeen(check, findings);

/**
 * Follows the events of some shards. Each entry is a commit with its ordinal and its position; the ordinal is negative
 * when another follows it as well, and counts it. A negative position is that of a commit that was pruned, whose entry is
 * the name of its stream and its revision.
 */
serveBatches<Places, Pick<CourseSeen, 'events' | 'rollouts'> & Partial<CourseSeen>>((batch, size, places) => {
  for (const [ordinal, stream] of places) placed.set(ordinal, stream);
  for (let i = 0; i < size; i += 1) {
    findings.at = Math.abs(batch.firstOf(i));
    const stream = placed.get(findings.at);
    placed.delete(findings.at);
    const commit = { position: batch.secondOf(i), bytes: batch.bytesOf(i) };
    if (commit.position < 0) {
      const [key = '', rev] = commit.bytes.toString().split(' ');
      check.pruned(key, Number(rev));
      continue;
    }
    check.add(stream === undefined ? commit : { ...commit, stream }, batch.firstOf(i) > 0);
  }
  const { events, rollouts } = check;
  return { events, rollouts };
}, seen);
