import { compareText } from '../../stream/order.ts'
import type { GroundTruth } from '../ground-truth.ts'
import { firstAccused } from './leakage.ts'
import { type Proportion, proportion } from './proportion.ts'
import type { Verdict } from './verdicts.ts'

export interface HardNegative {
  readonly family: string
  /** Instances of which any account was ever accused. An instance is one customer, class or farm: the unit of independence. */
  readonly instances: Proportion
  readonly accounts: Proportion
}

/** Honest customers who look like campaigns, by family, the worst first. Only families with requests in the stream. */
export function hardNegatives(verdicts: readonly Verdict[], truth: GroundTruth): HardNegative[] {
  const accused = firstAccused(verdicts)
  const families = new Map<string, Map<string, boolean[]>>()
  for (const { account_id, campaign_id, scenario, instance, requests } of truth.accounts.values()) {
    if (campaign_id !== null || instance === null || requests === 0) continue
    const instances = families.get(scenario) ?? new Map<string, boolean[]>()
    families.set(scenario, instances)
    const hits = instances.get(instance) ?? []
    instances.set(instance, hits)
    hits.push(accused.has(account_id))
  }
  return [...families]
    .map(([family, instances]) => {
      const all = [...instances.values()]
      const accounts = all.flat()
      return {
        family,
        instances: proportion(all.filter((hits) => hits.includes(true)).length, all.length),
        accounts: proportion(accounts.filter((hit) => hit).length, accounts.length),
      }
    })
    .sort(
      (a, b) =>
        b.instances.rate! - a.instances.rate! ||
        b.accounts.rate! - a.accounts.rate! ||
        b.instances.high - a.instances.high ||
        compareText(a.family, b.family),
    )
}
