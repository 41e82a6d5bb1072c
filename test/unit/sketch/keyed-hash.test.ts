import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createHasher, FRAME_HEADROOM_BYTES, first52, keyedHash52, second52 } from '../../../lib/sketch/keyed-hash.ts'

const secret = Buffer.from('a secret of the tests, thirty-two')

describe('keyed hash', () => {
  it('is HMAC-SHA256 over domain, NUL and value, for keys and values of any length', () => {
    const bytes = fc.uint8Array({ maxLength: 200 })
    fc.assert(
      fc.property(bytes, fc.constantFrom('span', 'body'), fc.string({ unit: 'binary' }), (key, domain, value) => {
        const expected = createHmac('sha256', key).update(`${domain}\0`).update(value, 'utf8').digest('binary')
        expect(createHasher(key).digest(domain, value)).toBe(expected)
      }),
    )
  })

  it('hashes a value that is longer than its scratch buffer', () => {
    const value = 'x'.repeat(100_000)
    const expected = createHmac('sha256', secret).update(`long\0${value}`).digest('binary')
    expect(createHasher(secret).digest('long', value)).toBe(expected)
  })

  it('gives the same digest for a frame as for its value', () => {
    const frame = Buffer.concat([Buffer.alloc(FRAME_HEADROOM_BYTES, 9), Buffer.from('domain\0value')])
    const hasher = createHasher(secret)
    expect(hasher.digestFrame(frame, frame.length)).toBe(hasher.digest('domain', 'value'))
  })

  it('is the first 52 bits of the digest, exact as a number', () => {
    const hmac = createHmac('sha256', secret).update('network\x00203.0.113.0/24').digest()
    expect(keyedHash52(secret, 'network', '203.0.113.0/24')).toBe(Number(hmac.readBigUInt64BE(0) >> 12n))
    const digest = hmac.toString('binary')
    expect(first52(digest)).toBe(Number(hmac.readBigUInt64BE(0) >> 12n))
    expect(second52(digest)).toBe(Number(hmac.readBigUInt64BE(8) >> 12n))
  })

  it('separates domains and keys', () => {
    const other = Buffer.from('another secret')
    const hashes = [
      keyedHash52(secret, 'network', 'a'),
      keyedHash52(secret, 'tuple', 'a'),
      keyedHash52(other, 'network', 'a'),
    ]
    expect(new Set(hashes).size).toBe(3)
  })
})
