export { isNotable, noticeId, notificationOf, rolloutOf } from './notification-of.js';
export { redact } from './redact.js';
export type { NoticeContext, NoticePlan, ToldEvent } from './told.js';
