import type { GroundTruth } from '../ground-truth.ts'
import { type Proportion, proportion } from './proportion.ts'

const ACCOUNTS_MIN = 2

/**
 * Campaigns of which at least two accounts are accused, or the only one, whoever else is. Unlike recall of campaigns it asks
 * for no group, so that methods that judge each account by itself can be compared.
 */
export function campaignReach(isAccused: (account_id: string) => boolean, { campaigns }: GroundTruth): Proportion {
  const reached = campaigns.filter(({ accounts }) => {
    const accused = accounts.filter(({ account_id }) => isAccused(account_id)).length
    return accused >= Math.min(ACCOUNTS_MIN, accounts.length)
  })
  return proportion(reached.length, campaigns.length)
}
