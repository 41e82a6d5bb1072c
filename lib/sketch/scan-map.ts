// Hashes are doubles, which a Map has to box and to hash: below this, comparing with each is faster.
const SCAN_MAX = 24

/** A map for keys that are mostly few, in the order in which they came. */
export class ScanMap<Key extends number | string, Value> {
  private readonly keys: Key[] = []
  readonly values: Value[] = []
  private places: Map<Key, Value> | null = null

  get(key: Key): Value | undefined {
    if (this.places !== null) return this.places.get(key)
    const { keys } = this
    for (let at = 0; at < keys.length; at++) if (keys[at] === key) return this.values[at]
    return undefined
  }

  /** Adds a key that is not there. */
  add(key: Key, value: Value): void {
    this.keys.push(key)
    this.values.push(value)
    if (this.places !== null) this.places.set(key, value)
    else if (this.keys.length > SCAN_MAX) this.places = new Map(this.keys.map((each, at) => [each, this.values[at]!]))
  }
}
