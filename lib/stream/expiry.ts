/**
 * Which keys may have expired, found without looking at all of them: keys wait in buckets of event time. A key that was
 * touched again stays in its old bucket until that comes due, and is then asked for its current time.
 */
export class Expiry<Key> {
  private readonly buckets = new Map<number, Set<Key>>()
  private readonly bucket_ms: number
  private due: number | null = null

  constructor(bucket_ms: number) {
    this.bucket_ms = bucket_ms
  }

  /** Notes that `key` expires at `time_ms`, unless it is scheduled again for later. */
  schedule(key: Key, time_ms: number): void {
    const bucket = Math.floor(time_ms / this.bucket_ms)
    const keys = this.buckets.get(bucket)
    if (keys) keys.add(key)
    else this.buckets.set(bucket, new Set([key]))
    if (this.due !== null && bucket < this.due) this.due = bucket
  }

  /** Forgets a key that must not stay in memory until it comes due. Looks through all buckets: for rare use. */
  forget(key: Key): void {
    for (const keys of this.buckets.values()) keys.delete(key)
  }

  /**
   * Keys whose time has come at `now_ms` (event time). `expires_ms` tells a key's current expiry; later ones are
   * scheduled again, null forgets the key.
   */
  take(now_ms: number, expires_ms: (key: Key) => number | null): Key[] {
    const now = Math.floor(now_ms / this.bucket_ms)
    if (this.due !== null && now <= this.due) return []
    const expired = new Set<Key>()
    for (const bucket of [...this.buckets.keys()].filter((index) => index < now).sort((a, b) => a - b)) {
      const keys = this.buckets.get(bucket) ?? new Set()
      this.buckets.delete(bucket)
      for (const key of keys) {
        const at_ms = expires_ms(key)
        if (at_ms === null) continue
        if (Math.floor(at_ms / this.bucket_ms) < now) expired.add(key)
        else this.schedule(key, at_ms)
      }
    }
    this.due = now
    return [...expired]
  }
}
