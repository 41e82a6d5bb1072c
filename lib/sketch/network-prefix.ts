import { isIPv4, isIPv6 } from 'node:net'

/**
 * The network that an address belongs to, for hashing: `a.b.c.0/24` of an IPv4 address (also when it is mapped into
 * IPv6), `x:y:z::/48` of an IPv6 address in lower case without leading zeros. Null for anything else.
 */
export function networkPrefix(ip: string): string | null {
  if (isIPv4(ip)) return ipv4Prefix(ip)
  const address = ip.split('%', 1)[0] ?? ''
  if (!isIPv6(address)) return null
  const groups = expandIPv6(address)
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return ipv4Prefix(`${groups[6]! >> 8}.${groups[6]! & 255}.${groups[7]! >> 8}.0`)
  }
  return `${groups
    .slice(0, 3)
    .map((group) => group.toString(16))
    .join(':')}::/48`
}

function ipv4Prefix(ip: string): string {
  return `${ip.slice(0, ip.lastIndexOf('.'))}.0/24`
}

/** The eight 16-bit groups of a valid IPv6 address. */
function expandIPv6(address: string): number[] {
  const [head = '', tail] = address.split('::', 2)
  const left = parseGroups(head)
  if (tail === undefined) return left
  const right = parseGroups(tail)
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right]
}

function parseGroups(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)]
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
    return [a * 256 + b, c * 256 + d]
  })
}
