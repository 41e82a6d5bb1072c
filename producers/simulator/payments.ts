import type { Random } from '../sample/random.ts'
import { hexId } from '../traces/ids.ts'
import { createZipf } from './zipf.ts'

/** Accounts per issuer of virtual cards or reseller whose customers show one fingerprint; together with the share of those who pay so, about a dozen customers each. */
const ACCOUNTS_PER_POOL = 200
const POOL_EXPONENT = 0.8

/** Payment fingerprints: one's own, or that of a virtual-card issuer or reseller whose customers are strangers. */
export function createPayments(seed: number, accounts: number) {
  const pools = Math.max(4, Math.ceil(accounts / ACCOUNTS_PER_POOL))
  const pool = createZipf(pools, POOL_EXPONENT)
  let cards = 0
  return (random: Random, reuse = false): string =>
    reuse ? `pay-${hexId(12, seed, 'pool', pool(random))}` : `pay-${hexId(12, seed, 'card', cards++)}`
}
