import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crc32c } from '../../../lib/wire/crc32c.ts'

describe('CRC-32C', () => {
  // The vectors of RFC 3720, appendix B.4, and the check value of the catalogue of CRC algorithms.
  test.each([
    ['32 zero bytes', Buffer.alloc(32), 0x8a9136aa],
    ['32 bytes of 0xff', Buffer.alloc(32, 0xff), 0x62a8ab43],
    ['0 to 31', Buffer.from(Array.from({ length: 32 }, (_, byte) => byte)), 0x46dd794e],
    ['31 to 0', Buffer.from(Array.from({ length: 32 }, (_, byte) => 31 - byte)), 0x113fdb5c],
    ['"123456789"', Buffer.from('123456789'), 0xe3069283],
    ['nothing', Buffer.alloc(0), 0],
  ])('of %s is the published value', (_what, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected)
  })

  test('equals the bit-by-bit definition for any bytes from any start', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(20), (bytes, start) => {
        const from = Math.min(start, bytes.length)
        expect(crc32c(bytes, from)).toBe(bitByBit(bytes.subarray(from)))
      }),
    )
  })
})

function bitByBit(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}
