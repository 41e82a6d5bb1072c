import { createHash } from 'node:crypto'

/** 52 bits of SHA-256 over the parts: exact as a JavaScript number, and the same on every machine. */
export function hash52(...parts: (string | number)[]): number {
  return Number.parseInt(hexId(13, ...parts), 16)
}

/** The first `digits` hex digits of SHA-256 over the parts. Parts are separated, so ('a', 'b') and ('ab') differ. */
export function hexId(digits: number, ...parts: (string | number)[]): string {
  return createHash('sha256').update(parts.join('\u0000')).digest('hex').slice(0, digits)
}
