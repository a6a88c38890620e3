import type { BalancerPort } from '@sluice/executor';

type Called = Awaited<ReturnType<BalancerPort['drain']>>;

const DONE: Called = { kind: 'done', value: undefined };
const DOWN: Called = { kind: 'down', words: 'the balancer does not answer' };

/** A load balancer that a test can take away. */
export class FakeBalancer implements BalancerPort {
  isDown = false;
  readonly drained = new Set<string>();

  async drain({ host }: { readonly host: string }): Promise<Called> {
    if (!this.isDown) this.drained.add(host);
    return this.isDown ? DOWN : DONE;
  }

  async enable({ host }: { readonly host: string }): Promise<Called> {
    if (!this.isDown) this.drained.delete(host);
    return this.isDown ? DOWN : DONE;
  }

  async sessions(): Promise<Awaited<ReturnType<BalancerPort['sessions']>>> {
    return this.isDown ? { kind: 'down', words: 'the balancer does not answer' } : { kind: 'done', value: 0 };
  }
}
