/**
 * True when a text stands anywhere in an object: in a string, a key, a Map, a Set, the bytes of a buffer, or in an object
 * that it refers to, private fields of our classes included (they are private to TypeScript alone).
 */
export function holds(root: unknown, text: string): boolean {
  const seen = new Set<unknown>()
  const waiting: unknown[] = [root]
  while (waiting.length > 0) {
    const value = waiting.pop()
    if (typeof value === 'string' && value.includes(text)) return true
    if (typeof value !== 'object' || value === null || seen.has(value)) continue
    seen.add(value)
    if (ArrayBuffer.isView(value)) {
      if (Buffer.from(value.buffer, value.byteOffset, value.byteLength).includes(text)) return true
    } else if (value instanceof Map) for (const [key, item] of value) waiting.push(key, item)
    else if (value instanceof Set) for (const item of value) waiting.push(item)
    else for (const [name, item] of Object.entries(value)) waiting.push(name, item)
  }
  return false
}
