export type { LabelCommand, RolloutLabel } from '@sluice/contracts';
