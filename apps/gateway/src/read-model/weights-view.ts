import { encodeToken, parseWeightDocument, type WeightDocument } from '@sluice/contracts';

/** The weights of each group as their bucket tells them, in memory: applications ask for them all the time. */
export class WeightsView {
  private readonly documents = new Map<string, WeightDocument>();
  private synced = false;
  private readonly waiting = new Set<() => void>();

  /**
   * `record` undefined: the key was deleted. What is no document changes nothing: traffic goes on as it was published last.
   * The bucket is the truth, also when its versions were begun anew.
   */
  put(key: string, record: unknown): void {
    if (record === undefined) this.documents.delete(key);
    else {
      const document = documentOf(record);
      if (document !== undefined && encodeToken(document.group) === key) this.documents.set(key, document);
    }
  }

  /** From now on a group that is not here has no weights. */
  markSynced(): void {
    this.synced = true;
    for (const tell of this.waiting) tell();
    this.waiting.clear();
  }

  get isSynced(): boolean {
    return this.synced;
  }

  whenSynced(): Promise<void> {
    return this.synced ? Promise.resolve() : new Promise((resolve) => this.waiting.add(resolve));
  }

  of(group: string): WeightDocument | undefined {
    return this.documents.get(encodeToken(group));
  }
}

function documentOf(record: unknown): WeightDocument | undefined {
  try {
    return parseWeightDocument(record);
  } catch {
    return undefined;
  }
}
