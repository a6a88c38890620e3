/** The last `capacity` values that were asked for. */
export class Lru<V> {
  private readonly values = new Map<string, V>();
  /** Asked for last: it stands where it is. */
  private newest: string | undefined;

  constructor(private readonly capacity: number) {}

  get(key: string): V | undefined {
    const value = this.values.get(key);
    if (value === undefined || key === this.newest) return value;
    this.values.delete(key);
    this.values.set(key, value);
    this.newest = key;
    return value;
  }

  set(key: string, value: V): void {
    this.newest = key;
    this.values.delete(key);
    this.values.set(key, value);
    if (this.values.size <= this.capacity) return;
    for (const oldest of this.values.keys()) {
      this.values.delete(oldest);
      return;
    }
  }

  delete(key: string): void {
    this.values.delete(key);
  }

  clear(): void {
    this.values.clear();
  }

  get size(): number {
    return this.values.size;
  }
}
