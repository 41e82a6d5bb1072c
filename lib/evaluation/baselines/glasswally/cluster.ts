import type { ExactGroup } from '../exact-groups.ts'
import { SILENT, type Signal } from './signal.ts'

const CLUSTER_MIN = 3
const PAYMENT_ACCOUNTS_MIN = 4

/**
 * By the size of a cluster, by how many payments and networks are in it, and by how many accounts pay with this account's card
 * (glasswally/src/workers/hydra.rs). Equal beginnings of card hashes and HTTP/2 settings are not in the records; it is taken as
 * sure, where the original asks for 100 requests of the cluster.
 */
export function cluster(group: ExactGroup | undefined, payment_accounts: number): Signal {
  if (!group || group.accounts.size < CLUSTER_MIN) return SILENT
  const { accounts, payments, networks } = group
  const score =
    Math.min(accounts.size / 25, 1) * 0.4 +
    Math.min(payments.size * 0.07, 0.35) +
    Math.min(networks.size * 0.03, 0.15) +
    (payment_accounts >= PAYMENT_ACCOUNTS_MIN ? 0.15 : 0)
  return { score, confidence: 1 }
}
