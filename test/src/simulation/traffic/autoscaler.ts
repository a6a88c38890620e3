import type { ServiceCapacity } from '@sluice/contracts';
import type { Called, SidePlace, SidesPort, WantedCapacity } from '@sluice/executor';
import type { Clock } from '@sluice/kernel';
import type { Random } from '@sluice/testing';

/** How an autoscaler does its work. `ideal`: at once, exactly what the traffic needs. */
export type Scaling = 'ideal' | 'slow';

/** Pods that carry the whole traffic of each service. */
export const LOAD: Readonly<Record<string, number>> = { web: 20, search: 7, index: 3 };
export const SERVICES = Object.keys(LOAD);

interface Pods {
  /** What is asked for at least: by the pre-scaling, or because nobody runs with nothing. */
  least: number;
  desired: number;
  created: number;
  ready: number;
}

const TICK_MS = 10_000;
const FAILING: Called<never> = { kind: 'failing', words: 'the autoscaler does not answer' };

interface Parts {
  readonly clock: Clock;
  readonly random: Random;
  /** Percent of the traffic that the side gets now. */
  readonly shareOf: (side: string) => number;
}

/**
 * The pods of two sides and who scales them (issue 5): reactive, slow, and now and then failing. It follows the
 * traffic; nobody but the pre-scaling and the retirement tells it anything.
 */
export class Autoscaler implements SidesPort {
  readonly said: string[] = [];
  /** Most pods of both sides at once, of each service. */
  readonly most = new Map<string, number>();
  /** Services of a side whose new pods never become ready. */
  readonly stuck = new Set<string>();
  /** Neither looks nor orders are answered. */
  isDown = false;
  /** Looks hang for so long. */
  slowMs = 0;
  /** Pods fail at this rate at each tick. */
  failing = 0;
  onRetire: (side: string) => void = () => undefined;
  private readonly sides = new Map<string, Map<string, Pods>>();
  private readonly retired = new Set<string>();

  constructor(
    names: readonly string[],
    readonly scaling: Scaling,
    private readonly parts: Parts,
  ) {
    for (const [i, name] of names.entries()) {
      const count = (load: number): number => (i === 0 ? load : 0);
      const pods = Object.entries(LOAD).map(([service, load]): [string, Pods] => {
        const n = count(load);
        return [service, { least: Math.min(1, n), desired: n, created: n, ready: n }];
      });
      this.sides.set(name, new Map(pods));
    }
    if (scaling === 'slow') this.tick();
  }

  /** Nobody serves there since its retirement. */
  isRetired(side: string): boolean {
    return this.retired.has(side);
  }

  readyAt(side: string): boolean {
    return [...(this.sides.get(side)?.values() ?? [])].every(({ ready }) => ready > 0);
  }

  async look({ side, services }: SidePlace): Promise<Called<readonly ServiceCapacity[]>> {
    await this.takes();
    if (this.isDown) return FAILING;
    this.settle();
    const value = services.map(({ name: service }) => {
      const { desired = 0, created = 0, ready = 0 } = this.sides.get(side)?.get(service) ?? {};
      return { service, desired, created, ready };
    });
    return { kind: 'done', value };
  }

  async scale({ side }: SidePlace, wanted: readonly WantedCapacity[]): Promise<Called<void>> {
    await this.takes();
    if (this.isDown) return FAILING;
    this.said.push(`scale ${side}`);
    this.retired.delete(side);
    for (const { service, desired } of wanted) {
      const pods = this.sides.get(side)?.get(service);
      if (pods === undefined) continue;
      pods.least = Math.max(pods.least, desired);
      pods.desired = Math.max(pods.desired, pods.least);
    }
    this.settle();
    return { kind: 'done', value: undefined };
  }

  async retire({ side }: SidePlace): Promise<Called<string>> {
    await this.takes();
    if (this.isDown) return FAILING;
    this.said.push(`retire ${side}`);
    this.onRetire(side);
    this.retired.add(side);
    for (const pods of this.sides.get(side)?.values() ?? [])
      Object.assign(pods, { least: 0, desired: 0, created: 0, ready: 0 });
    return { kind: 'done', value: 'scaled to nothing' };
  }

  /** What stands on both sides now is counted; an ideal autoscaler has followed the traffic by now. */
  settle(): void {
    if (this.scaling === 'ideal') {
      for (const [side, services] of this.sides)
        for (const [service, pods] of services) {
          const n = this.needOf(side, service, pods);
          Object.assign(pods, { desired: n, created: n, ready: n });
        }
    }
    for (const service of SERVICES) {
      const sum = [...this.sides.values()].reduce((all, each) => all + (each.get(service)?.created ?? 0), 0);
      this.most.set(service, Math.max(sum, this.most.get(service) ?? 0));
    }
  }

  private needOf(side: string, service: string, { least }: Pods): number {
    return Math.max(least, Math.ceil(((LOAD[service] ?? 0) * this.parts.shareOf(side)) / 100));
  }

  private takes(): Promise<void> {
    const { clock, random } = this.parts;
    return new Promise((resolve) => clock.schedule(this.slowMs + 1 + random.int(300), resolve));
  }

  /** Up by half of what it has at a time, down by little; pods come and get ready one after the other. */
  private tick(): void {
    for (const [side, services] of this.sides)
      for (const [service, pods] of services) this.step(`${side}/${service}`, pods, this.needOf(side, service, pods));
    this.settle();
    this.parts.clock.schedule(TICK_MS, () => this.tick());
  }

  private step(name: string, pods: Pods, need: number): void {
    const { random } = this.parts;
    const up = Math.max(2, Math.ceil(pods.desired / 2));
    if (need > pods.desired) pods.desired = Math.min(need, pods.desired + up);
    else if (need < pods.desired && random.chance(0.3)) pods.desired -= 1;
    pods.created = Math.min(pods.desired, pods.created + up);
    const started = this.stuck.has(name) ? 0 : 1 + random.int(4);
    pods.ready = Math.min(pods.created, pods.ready + started);
    if (pods.ready > 1 && random.chance(this.failing)) pods.ready -= 1;
  }
}
