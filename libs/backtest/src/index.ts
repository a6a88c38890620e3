export type { CommitSource } from '@sluice/audit';
