import type { AnchorAssessment, Conjunction } from '../../schemas/types.ts'
import type { HeldObject, Holdings } from './holdings.ts'
import { objectKey } from './holdings.ts'
import { BLOCK_OF, logPMax } from './object-kinds.ts'
import { logPoissonUpperTail } from './poisson.ts'
import type { CampaignsSettings } from './settings.ts'

/**
 * Looks for objects of other blocks that the holders of a payload object hold together more often than chance: of `n_a`
 * and `n_b` holders among `population` accounts, n_a·n_b/population would hold both if the two were independent, and the
 * number of *organisations* that do is compared with a Poisson of that mean. Counting organisations against accounts errs
 * towards silence. Null when nothing stands out.
 */
export function assessAnchor(
  anchor: HeldObject,
  holdings: Holdings,
  population: number,
  settings: CampaignsSettings,
): AnchorAssessment | null {
  const together = new Map<string, Set<string>>()
  for (const [account_id, { context }] of anchor.holders) {
    for (const link of holdings.of(account_id)) {
      if (BLOCK_OF[link.kind] === BLOCK_OF[anchor.kind]) continue
      const key = objectKey(link)
      const organisations = together.get(key) ?? new Set<string>()
      together.set(key, organisations)
      organisations.add(context.org_id)
    }
  }
  const conjunctions = [...together].flatMap(([key, organisations]): Conjunction[] => {
    const other = holdings.objects.get(key)
    const log_p_max = other ? logPMax(other.kind, settings) : null
    if (!other || log_p_max === null || organisations.size < settings.organisations_min) return []
    const expected = (anchor.holders.size * other.holders.size) / Math.max(population, 1)
    const log_p = logPoissonUpperTail(organisations.size, expected)
    if (log_p > log_p_max) return []
    return [{ kind: other.kind, object: other.object, organisations: organisations.size, expected, log_p }]
  })
  if (conjunctions.length === 0) return null
  conjunctions.sort((a, b) => (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : a.object - b.object))
  return { kind: anchor.kind, object: anchor.object, cues: anchor.cues, conjunctions }
}

/** Accounts that hold an anchor and one of its conjunctions. */
export function holdersOfBoth(anchor: AnchorAssessment, conjunction: Conjunction, holdings: Holdings): string[] {
  const holders = holdings.objects.get(objectKey(anchor))?.holders
  const key = objectKey(conjunction)
  return holders ? [...holders.keys()].filter((account_id) => holdings.holds(account_id, key)) : []
}
