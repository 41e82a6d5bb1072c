import { LRUCache } from 'lru-cache'
import { createHasher } from '../../lib/sketch/keyed-hash.ts'
import { networkPrefix } from '../../lib/sketch/network-prefix.ts'

/**
 * What a hash stands for. Hashes of different domains never match; `network` is both a client's and a signup's, so that
 * the two can be compared.
 */
export type HashDomain =
  | 'api_key'
  | 'end_user'
  | 'session'
  | 'network'
  | 'client_tuple'
  | 'connection'
  | 'device'
  | 'tool_set'
  | 'payment'
  | 'email_domain'
  | 'reasoning_signature'
  | 'line'

// Sessions, networks and clients come back within seconds; 20,000 entries of about 200 bytes are 4 MB a domain.
const CACHE_ENTRIES_MAX = 20_000
const CACHED_CHARS_MAX = 256

type Maybe = string | null | undefined

/** Hashes under the infrastructure key, which does not rotate with the content epochs, so that long links survive. */
export interface InfrastructureHash {
  /** 52-bit keyed hash; null for a value that is absent or empty. */
  hash(domain: HashDomain, value: Maybe): number | null
  /** The same, of a value that is always new: not cached. */
  hashOnce(domain: HashDomain, value: string): number
  /** Hash of the /24 or /48 that the address is in; null when it is no address. */
  network(ip: Maybe): number | null
}

export function createInfrastructureHash(secret: Uint8Array): InfrastructureHash {
  const hasher = createHasher(secret)
  const caches = new Map<HashDomain, LRUCache<string, number>>()

  function hash(domain: HashDomain, value: Maybe): number | null {
    if (value === null || value === undefined || value === '') return null
    if (value.length > CACHED_CHARS_MAX) return hasher.hash52(domain, value)
    let cache = caches.get(domain)
    if (cache === undefined) {
      cache = new LRUCache({ max: CACHE_ENTRIES_MAX })
      caches.set(domain, cache)
    }
    let known = cache.get(value)
    if (known === undefined) {
      known = hasher.hash52(domain, value)
      cache.set(value, known)
    }
    return known
  }

  return {
    hash,
    hashOnce: (domain, value) => hasher.hash52(domain, value),
    network: (ip) => (ip ? hash('network', networkPrefix(ip)) : null),
  }
}
