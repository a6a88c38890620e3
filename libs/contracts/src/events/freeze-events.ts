import type { FreezeScope } from '../freezes.js';

/** Written by the executor on the `freeze` stream: freeze windows and stop-the-line. Times are ms since the epoch. */
export type FreezeEvent =
  | {
      readonly type: 'FreezeDeclared';
      readonly freeze: string;
      readonly scope: FreezeScope;
      readonly from: number;
      readonly until: number;
      readonly reason: string;
    }
  | {
      readonly type: 'FreezeLifted';
      readonly freeze: string;
      readonly by: 'command' | 'expiry';
      readonly reason?: string;
    };
