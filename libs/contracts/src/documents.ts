/** Names of documents that are handed to others, each with its version: a change that a reader could not take is a new one. */
export const DOCUMENTS = {
  changeRecord: 'sluice.change-record/1',
  population: 'sluice.population/1',
  tombstone: 'sluice.tombstone/1',
} as const;
