import type { IncomingHttpHeaders } from 'node:http';

import type { Clock } from '@sluice/kernel';

import { holds } from '../http/revalidate.js';
import { refuse } from '../problems/problem.js';
import { type Answer, headersOfSame } from './answers.js';
import { DEFAULT_FLEET, type Fleets } from './fleets.js';
import type { FleetView } from './fleet-view.js';
import type { Newcomers } from './newcomers.js';

/** Of a host that names none. */
export const DEFAULT_ROLE = 'default';
export const ACTUAL_HEADER = 'x-sluice-actual';
/** Shorter than the time after which an idle connection is dropped. */
export const LONGEST_WAIT_MS = 50_000;
/** Hosts that wait for a change at a time; one more gets its answer at once. */
const MAX_WAITING = 20_000;

/** A host's question. `waitMs`: how long to wait for something else than the ETag in `if-none-match`. */
export interface Question {
  readonly fleet: string;
  readonly host: string;
  readonly role?: string | undefined;
  readonly waitMs: number;
  readonly headers: IncomingHttpHeaders;
}

/** What is used of a response. */
export interface Sink {
  writeHead(status: number, headers: string[]): unknown;
  end(body?: string, encoding?: BufferEncoding): unknown;
  once(event: 'close', listener: () => void): unknown;
}

export interface DesiredStateParts {
  readonly fleets: Fleets;
  readonly newcomers: Newcomers;
  readonly clock: Clock;
}

/** What each host is to have, from memory: nothing is sent to a host, it asks (TSU-04, TSU-06). */
export class DesiredState {
  /** Of each host that waits: gives it its answer now. */
  private readonly waiting = new Set<() => void>();

  constructor(private readonly parts: DesiredStateParts) {}

  /**
   * The usual case, answered at once: the host is known, and what it says of itself is no news. False: nothing was
   * done, and `ask` has to be.
   */
  tryAnswer(question: Question, sink: Sink): boolean {
    const { fleet, host, role, waitMs, headers } = question;
    const view = this.parts.fleets.find(fleet);
    const slot = view?.slotOf(host);
    if (view === undefined || slot === undefined || !isInRole(view, slot, role)) return false;
    noteActual(view, slot, headers);
    const etag = headers['if-none-match'] === undefined ? undefined : view.etagOf(slot);
    if (etag === undefined || !isSame(etag, headers)) send(view.answerOf(slot), sink);
    else if (waitMs === 0) sendSame(etag, sink);
    else this.wait({ view, slot, waitMs }, headers, sink);
    return true;
  }

  /**
   * Any case: a host that nobody has heard of joins, and has the values that were recorded, or by the same rule when
   * that takes too long. Code NOT_FOUND for a fleet that there is not.
   */
  async ask(question: Question, sink: Sink): Promise<void> {
    const { fleet, host, headers } = question;
    const view = this.parts.fleets.find(fleet);
    if (view === undefined) throw noFleet(fleet);
    const slot = view.slotOf(host);
    const role = question.role ?? DEFAULT_ROLE;
    if (slot === undefined) await this.parts.newcomers.join(view, host, role);
    else if (!isInRole(view, slot, question.role)) this.parts.newcomers.note(view, host, question.role ?? DEFAULT_ROLE);
    if (this.tryAnswer({ ...question, role: undefined }, sink)) return;
    const known = view.slotOf(host);
    if (known === undefined) sendNews(view.answerOfNewcomer(role, this.parts.clock.now()), headers, sink);
    else sendNews(view.answerOf(known), headers, sink);
  }

  private wait({ view, slot, waitMs }: Waiting, headers: IncomingHttpHeaders, sink: Sink): void {
    if (this.waiting.size >= MAX_WAITING) return sendNews(view.answerOf(slot), headers, sink);
    let takeBack = (): void => {};
    const close = (): void => {
      this.waiting.delete(end);
      cancel();
      takeBack();
    };
    const end = (): void => {
      if (!this.waiting.has(end)) return;
      close();
      sendNews(view.answerOf(slot), headers, sink);
    };
    const look = (): void => {
      // Another value, and back again before anybody asked: no news.
      if (isSame(view.etagOf(slot), headers)) takeBack = view.onChange(slot, look);
      else end();
    };
    this.waiting.add(end);
    const cancel = this.parts.clock.schedule(waitMs, end);
    takeBack = view.onChange(slot, look);
    sink.once('close', close);
  }

  /** Who waits has its answer now. */
  stop(): void {
    this.parts.newcomers.stop();
    for (const end of [...this.waiting]) end();
  }
}

interface Waiting {
  readonly view: FleetView;
  readonly slot: number;
  readonly waitMs: number;
}

export const noFleet = (fleet: string): Error =>
  refuse(
    'NOT_FOUND',
    `there is no fleet ${fleet.slice(0, 60)}: define a variable in it first, or leave it out for the fleet ${DEFAULT_FLEET}`,
  );

/** False for a host that was away, or says another role than the one that is known. */
function isInRole(view: FleetView, slot: number, role: string | undefined): boolean {
  const { roster } = view.state;
  const index = roster.role[slot] ?? -1;
  return index >= 0 && (role === undefined || roster.roles[index] === role);
}

function noteActual(view: FleetView, slot: number, headers: IncomingHttpHeaders): void {
  const text = headers[ACTUAL_HEADER];
  if (typeof text === 'string' && text !== '') view.actuals.note(slot, text);
}

function isSame(etag: string, headers: IncomingHttpHeaders): boolean {
  const wanted = headers['if-none-match'];
  return wanted !== undefined && (wanted === etag || holds(wanted, etag));
}

function sendSame(etag: string, sink: Sink, cacheControl?: string): void {
  sink.writeHead(304, headersOfSame(etag, cacheControl));
  sink.end();
}

function send(answer: Answer, sink: Sink): void {
  sink.writeHead(200, answer.full);
  sink.end(answer.body, answer.encoding);
}

/** Nothing but its ETag, to whoever has that. */
function sendNews(answer: Answer, headers: IncomingHttpHeaders, sink: Sink): void {
  if (isSame(answer.etag, headers)) sendSame(answer.etag, sink, answer.cacheControl);
  else send(answer, sink);
}
