import type { Method } from '../method.ts'
import { cisaIndicators } from './cisa-indicators.ts'
import { distanceDrift } from './distance-drift.ts'
import { exactMatches } from './exact-matches.ts'
import { Workers } from './glasswally/workers.ts'
import { rateLimit } from './rate-limit.ts'
import { recentMatches } from './recent-matches.ts'
import { sharedNetworks } from './shared-networks.ts'
import { synchronisedNetworks } from './synchronised-networks.ts'
import { FIRST_WEIGHTED_SUM, WEIGHTED_SUM, weightedSum } from './weighted-sum.ts'
import { accountDiscrepancy, windowDiscrepancy } from './window-discrepancy.ts'

/** New ones for a stream, in the order of the report. One line each. */
export function createBaselines(): Method[] {
  const workers = new Workers(WEIGHTED_SUM)
  return [
    rateLimit(), // B0
    cisaIndicators(), // B1
    windowDiscrepancy(), // B2
    accountDiscrepancy(), // B2, each account by itself
    distanceDrift(), // B3
    synchronisedNetworks(), // B4
    sharedNetworks(), // B5
    weightedSum(WEIGHTED_SUM, workers), // B6
    weightedSum(FIRST_WEIGHTED_SUM, workers), // B6, with fewer signals
    exactMatches(), // B7
    recentMatches(), // B7, with matches that expire
  ]
}
