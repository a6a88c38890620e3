import { type FactsFound, type Heartbeat } from '@sluice/gating';

import type { FleetFacts } from '../facts/fleet-facts.js';
import type { NewHost } from './places.js';

const MAX_EXAMPLES = 5;

/** What the heartbeats of the hosts say, and how long their verify took. */
export function factsOf(
  version: string,
  hosts: readonly NewHost[],
  now: number,
  { facts, freshMs }: { readonly facts: FleetFacts; readonly freshMs: number },
): { readonly found: FactsFound } | { readonly problem: { readonly code: string; readonly words: string } } {
  const trouble = facts.problem();
  if (trouble !== undefined)
    return { problem: { code: 'HEARTBEATS_UNREADABLE', words: `heartbeats cannot be read: ${trouble.slice(0, 200)}` } };
  const heard = hosts.filter(({ since, heartbeat }) => isFresh(heartbeat, since, now - freshMs));
  const others = heard.filter(({ heartbeat }) => heartbeat?.running !== version);
  const restarts = heard.map((host) => ({ ...host, n: restartsOf(host) }));
  const verified = hosts.flatMap(({ verifyMs }) => (verifyMs === undefined ? [] : [verifyMs]));
  const examples = [
    ...others.map(({ host, heartbeat }) => `${host} runs ${heartbeat?.running ?? 'nothing'}`),
    ...restarts.filter(({ n }) => n > 0).map(({ host, n }) => `${host} restarted ${n} times`),
  ];
  return {
    found: {
      kind: 'facts',
      version,
      hosts: hosts.length,
      heard: heard.length,
      otherVersion: others.length,
      restarts: restarts.reduce((sum, { n }) => sum + n, 0),
      verified: verified.length,
      slowestVerifyMs: verified.reduce((most, ms) => Math.max(most, ms), 0),
      examples: examples.slice(0, MAX_EXAMPLES),
    },
  };
}

const isFresh = (heartbeat: Heartbeat | undefined, since: number, from: number): boolean =>
  heartbeat !== undefined && heartbeat.receivedAt >= Math.max(since, from);

const restartsOf = ({ since, heartbeat }: NewHost): number =>
  heartbeat?.restartedAt?.filter((at) => at > since).length ?? 0;
