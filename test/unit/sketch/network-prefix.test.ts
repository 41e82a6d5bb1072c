import { describe, expect, it } from 'vitest'
import { networkPrefix } from '../../../lib/sketch/network-prefix.ts'

describe('network prefix', () => {
  it.each([
    ['203.0.113.77', '203.0.113.0/24'],
    ['203.0.113.0', '203.0.113.0/24'],
    ['::ffff:203.0.113.77', '203.0.113.0/24'],
    ['::FFFF:cb00:714d', '203.0.113.0/24'],
    ['2001:db8:85a3:8d3:1319:8a2e:370:7348', '2001:db8:85a3::/48'],
    ['2001:0DB8:85A3::1', '2001:db8:85a3::/48'],
    ['2001:db8::1', '2001:db8:0::/48'],
    ['::1', '0:0:0::/48'],
    ['fe80::1%eth0', 'fe80:0:0::/48'],
    ['64:ff9b::203.0.113.77', '64:ff9b:0::/48'],
  ])('of %s is %s', (ip, prefix) => {
    expect(networkPrefix(ip)).toBe(prefix)
  })

  it.each([
    '',
    'localhost',
    '203.0.113',
    '203.0.113.256',
    '203.0.113.7:443',
    '2001:db8',
    ':::',
    '1.2.3.4%eth0',
    '[::1]',
  ])('of %j is null', (ip) => {
    expect(networkPrefix(ip)).toBeNull()
  })
})
