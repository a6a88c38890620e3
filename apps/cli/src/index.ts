export { Timeline, type TimelineLine, formatLine, renderTimeline, timelineOf } from './timeline/timeline.js';
