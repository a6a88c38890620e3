export { Checkpointer, type CheckpointerDeps } from './engine/checkpointer.js';
export type { CheckpointStore, Publisher, SignedCheckpoint, SignedLog, SignerState } from './engine/ports.js';
export type { CheckpointerStatus } from './engine/status.js';
export { type Post, webhookPublisher } from './publish/webhook-publisher.js';
export { startCheckpointer, type StartCheckpointerDeps } from './start.js';
export { FolderStore } from './store/folder-store.js';
