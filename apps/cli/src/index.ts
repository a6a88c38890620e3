export { type CommitView, commitView } from '@sluice/gateway';
export { startUp, type RunningUp, type UpOptions } from './up/up.js';
export { Api } from './client/api.js';
export { CliError, EXIT } from './client/exit.js';
export { OPERATIONS } from './client/operations.js';
export { run } from './run.js';
export { formatLine, renderTimeline, Timeline, type TimelineLine, timelineOf } from './timeline/timeline.js';
