export type { HoldCommand, HoldScope } from '@sluice/contracts';
