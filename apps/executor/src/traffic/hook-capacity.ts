import type { ServiceCapacity } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';

import type { CapacityAdapter } from './capacity.js';
import { refused } from './names.js';
import type { SidePlace, WantedCapacity } from './ports.js';
import { lastWords, type Ran, runBounded } from './run-bounded.js';

type Operation = 'look' | 'scale' | 'retire';
type Answer = Readonly<Record<string, unknown>>;

const WITHIN_MS = 10_000;

/**
 * A command of the user that drives any autoscaler (docs/traffic.md): one JSON document on its input, one on its output.
 * A status other than 0, or an answer that is none, counts as not working; `{"refused": "<why>"}` as a refusal.
 */
export class HookCapacity implements CapacityAdapter {
  constructor(
    private readonly argv: readonly string[],
    private readonly withinMs: number = WITHIN_MS,
  ) {}

  async look(place: SidePlace): Promise<readonly ServiceCapacity[]> {
    const { services } = await this.ask('look', place, {});
    if (!Array.isArray(services)) throw this.unreadable('look', 'it has no list "services"');
    return place.services.map(({ name }) => this.capacityOf(name, services));
  }

  async scale(place: SidePlace, wanted: readonly WantedCapacity[]): Promise<void> {
    await this.ask('scale', place, { wanted });
  }

  async retire(place: SidePlace): Promise<string> {
    const { words } = await this.ask('retire', place, {});
    return typeof words === 'string' && words !== '' ? words.slice(0, 400) : 'the hook has retired it';
  }

  private async ask(op: Operation, place: SidePlace, more: Answer): Promise<Answer> {
    const { rollout, group, app, version, artifact, side, role, services } = place;
    const asked = { v: 1, op, rollout, group, app, version, artifact, side, role, services, ...more };
    const ran = await runBounded(this.argv, { withinMs: this.withinMs, input: `${JSON.stringify(asked)}\n` });
    if (ran.status !== 0) throw this.failed(op, ran);
    const answer = this.answerOf(op, ran);
    if (typeof answer['refused'] === 'string') throw refused(`${op}: ${answer['refused'].slice(0, 300)}`);
    return answer;
  }

  private answerOf(op: Operation, { stdout }: Ran): Answer {
    if (stdout.trim() === '' && op !== 'look') return {};
    const answer = parsed(stdout);
    if (typeof answer === 'object' && answer !== null && !Array.isArray(answer)) return answer as Answer;
    throw this.unreadable(op, 'it is no JSON object');
  }

  private capacityOf(service: string, told: readonly unknown[]): ServiceCapacity {
    const one = told.find(
      (each): each is Answer =>
        typeof each === 'object' && each !== null && 'service' in each && each.service === service,
    );
    if (one === undefined) throw this.unreadable('look', `it does not tell of the service ${service}`);
    const count = (field: string): number => {
      const value = one[field];
      if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
      throw this.unreadable('look', `${field} of ${service} is no whole number from 0 on`);
    };
    return { service, desired: count('desired'), created: count('created'), ready: count('ready') };
  }

  private failed(op: Operation, ran: Ran): SluiceError {
    const message = `${this.argv[0] ?? ''} ${op} ended with status ${ran.status ?? 'of a signal'}: ${lastWords(ran)}`;
    return new SluiceError('HOOK_FAILED', `${message}; run it by hand with the same input`);
  }

  private unreadable(op: Operation, why: string): SluiceError {
    const message = `the answer of ${this.argv[0] ?? ''} to ${op} cannot be used: ${why}; docs/traffic.md says what it must be`;
    return new SluiceError('HOOK_ANSWER', message);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
