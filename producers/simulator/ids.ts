import type { Random } from '../sample/random.ts'

/** Hex digits out of a seeded stream: session ids and the like, of which there are too many to count centrally. */
export function randomHex(random: Random, digits: number): string {
  let hex = ''
  while (hex.length < digits)
    hex += Math.floor(random.unit() * 2 ** 32)
      .toString(16)
      .padStart(8, '0')
  return hex.slice(0, digits)
}

/** As clients name a conversation. */
export function sessionId(random: Random): string {
  return `sess-${randomHex(random, 16)}`
}

/** As a platform names a person whom it serves. */
export function endUserId(random: Random): string {
  return `user-${randomHex(random, 12)}`
}
