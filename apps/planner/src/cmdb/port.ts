/** What a CMDB says of a group. `unchanged`: what was said with that etag still holds. */
export type CmdbAnswer =
  | { readonly kind: 'document'; readonly document: unknown; readonly etag?: string }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'unknown' };

/** Where groups and their hosts are really kept. */
export interface CmdbSource {
  /**
   * One question, answered or failed within a bound. Codes: CMDB_UNAVAILABLE (worth another try), CMDB_REFUSED (it will
   * not answer this planner), CMDB_INVALID (its answer is of no use).
   */
  fetch(group: string, etag?: string): Promise<CmdbAnswer>;
}
