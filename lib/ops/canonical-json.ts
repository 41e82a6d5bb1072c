import { InvariantViolated } from './errors.ts'

/**
 * JSON text with one spelling per value, so that it can be hashed: object keys sorted by UTF-16 code unit, no white
 * space, members that are `undefined` left out (RFC 8785, JSON Canonicalization Scheme).
 *
 * @throws InvariantViolated for what JSON would silently turn into null or drop: NaN, infinities, functions, Maps.
 */
export function canonicalJson(value: unknown): string {
  return write(value, '$')
}

function write(value: unknown, path: string): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map((item, index) => write(item, `${path}[${index}]`)).join(',')}]`
  if (isPlainObject(value)) {
    const members = Object.keys(value)
      .filter((key) => value[key] !== undefined)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${write(value[key], `${path}.${key}`)}`)
    return `{${members.join(',')}}`
  }
  throw new InvariantViolated(`${path} is a ${typeof value} that JSON cannot spell; pass plain data.`)
}

/** A record of data: an object literal or what a parser made, not a Map, a Date or a class instance. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
