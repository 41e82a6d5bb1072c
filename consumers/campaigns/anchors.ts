import type { AnchorAssessment, Conjunction, ObjectKind } from '../../schemas/types.ts'
import type { HeldObject, Holdings } from './holdings.ts'
import { cuesOf, objectKey } from './holdings.ts'
import { BLOCK_OF, isBeyondCoAdoption, logPMax } from './object-kinds.ts'
import { logPoissonUpperTail } from './poisson.ts'
import type { CampaignsSettings } from './settings.ts'

// Fewer organisations than this share nothing.
const SHARED_MIN = 2

/**
 * Looks for objects of other blocks that the holders of a payload object hold together more often than chance: of `n_a`
 * and `n_b` holders among `population` accounts, n_a·n_b/population would hold both if the two were independent, and the
 * number of *organisations* that do is compared with a Poisson of that mean. Counting organisations against accounts errs
 * towards silence. What stood out before is let go only when chance has become a hundred times likelier than it had to be:
 * an accusation that comes and goes with every new holder helps nobody. Null when nothing stands out.
 */
export function assessAnchor(
  anchor: HeldObject,
  holdings: Holdings,
  population: number,
  settings: CampaignsSettings,
  before: AnchorAssessment | null,
): AnchorAssessment | null {
  const known = new Set(before?.conjunctions.map(objectKey))
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
  const pooled = pooledLogP(anchor, together, holdings, population)
  const conjunctions = [...together].flatMap(([key, organisations]): Conjunction[] => {
    const other = holdings.objects.get(key)
    const log_p_max = other ? logPMax(other.kind, settings) : null
    if (!other || log_p_max === null || organisations.size < SHARED_MIN) return []
    const expected = (anchor.holders.size * other.holders.size) / Math.max(population, 1)
    const alone =
      organisations.size < settings.organisations_min ? 0 : logPoissonUpperTail(organisations.size, expected)
    const log_p = Math.min(alone, pooled.get(other.kind) ?? 0)
    const slack = known.has(key) ? settings.release_log10 * Math.LN10 : 0
    if (log_p > log_p_max + slack) return []
    return [{ kind: other.kind, object: other.object, organisations: organisations.size, expected, log_p }]
  })
  if (conjunctions.length === 0) return null
  conjunctions.sort((a, b) => (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : a.object - b.object))
  return { kind: anchor.kind, object: anchor.object, cues: cuesOf(anchor), conjunctions }
}

/**
 * A campaign that spreads its wrapper over many cards, two or three accounts each, shows in no single card. Per kind that is more
 * than co-adoption: the number of objects that at least two organisations of the anchor hold, against a Poisson whose
 * mean sums, over all objects of the kind, the chance that two of its holders fall among the anchor's by accident.
 */
function pooledLogP(
  anchor: HeldObject,
  together: ReadonlyMap<string, ReadonlySet<string>>,
  holdings: Holdings,
  population: number,
): Map<ObjectKind, number> {
  const groups = new Map<ObjectKind, number>()
  for (const [key, organisations] of together) {
    const kind = holdings.objects.get(key)?.kind
    if (!kind || !isBeyondCoAdoption(kind) || organisations.size < SHARED_MIN) continue
    groups.set(kind, (groups.get(kind) ?? 0) + 1)
  }
  const share = Math.min(1, anchor.holders.size / Math.max(population, 1))
  return new Map(
    [...groups].map(([kind, count]) => {
      // Objects are counted by their number of holders first: a sum of fractions would depend on the order of a map.
      const objects = new Map<number, number>()
      for (const { holders } of holdings.ofKind(kind)) objects.set(holders.size, (objects.get(holders.size) ?? 0) + 1)
      let expected = 0
      for (const [n, size] of [...objects].sort(([a], [b]) => a - b)) {
        expected += size * (1 - (1 - share) ** n - n * share * (1 - share) ** (n - 1))
      }
      return [kind, logPoissonUpperTail(count, expected)]
    }),
  )
}

/** Accounts that hold an anchor and one of its conjunctions, in no order: the fewer of the two are asked about the other. */
export function holdersOfBoth(anchor: AnchorAssessment, conjunction: Conjunction, holdings: Holdings): string[] {
  const one = holdings.objects.get(objectKey(anchor))?.holders
  const other = holdings.objects.get(objectKey(conjunction))?.holders
  if (!one || !other) return []
  const [few, many] = one.size <= other.size ? [one, other] : [other, one]
  return [...few.keys()].filter((account_id) => many.has(account_id))
}
