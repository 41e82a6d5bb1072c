import type { AnchorAssessment, Conjunction, ObjectKind } from '../../schemas/types.ts'
import { cuesOf, type HeldObject, type Holder, type Holdings } from './holdings.ts'
import { isBeyondCoAdoption, logPMax } from './object-kinds.ts'
import { logPoissonUpperTail } from './poisson.ts'
import type { CampaignsSettings } from './settings.ts'

// Fewer organisations than this share nothing.
const SHARED_MIN = 2

/** How many organisations hold an object together with an anchor. */
interface Company {
  /** The last one that was counted. */
  organisation: string
  organisations: number
}

/**
 * Looks for objects of other blocks that the holders of a payload object hold together more often than chance: of `n_a`
 * and `n_b` holders among `population` accounts, n_a·n_b/population would hold both if the two were independent, and the
 * number of *organisations* that do is compared with a Poisson of that mean. Counting organisations against accounts errs
 * towards silence. What stood out before, whose keys are `known`, is let go only when chance has become a hundred times
 * likelier than it had to be: an accusation that comes and goes with every new holder helps nobody. Null when nothing
 * stands out.
 */
export function assessAnchor(
  anchor: HeldObject,
  holdings: Holdings,
  population: number,
  settings: CampaignsSettings,
  known: ReadonlyMap<string, unknown> | null,
): AnchorAssessment | null {
  const together = companyOf(anchor, holdings)
  const pooled = pooledLogP(anchor, together, holdings, population)
  const conjunctions: Conjunction[] = []
  for (const [other, { organisations }] of together) {
    if (organisations < SHARED_MIN) continue
    const log_p_max = logPMax(other.kind, settings)
    if (log_p_max === null) continue
    const expected = (anchor.holders.size * other.holders.size) / Math.max(population, 1)
    const alone = organisations < settings.organisations_min ? 0 : logPoissonUpperTail(organisations, expected)
    const log_p = Math.min(alone, pooled.get(other.kind) ?? 0)
    const slack = known?.has(other.key) ? settings.release_log10 * Math.LN10 : 0
    if (log_p > log_p_max + slack) continue
    conjunctions.push({ kind: other.kind, object: other.object, organisations, expected, log_p })
  }
  if (conjunctions.length === 0) return null
  conjunctions.sort((a, b) => (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : a.object - b.object))
  return { kind: anchor.kind, object: anchor.object, cues: cuesOf(anchor), conjunctions }
}

/** Organisation by organisation, so that a counter and the last name are enough to count each of them once. */
function companyOf(anchor: HeldObject, holdings: Holdings): Map<HeldObject, Company> {
  const organisations = new Map<string, Holder[]>()
  for (const [account_id, { context }] of anchor.holders) {
    const holder = holdings.holder(account_id)
    const holders = organisations.get(context.org_id)
    if (holders) holders.push(holder)
    else organisations.set(context.org_id, [holder])
  }
  const together = new Map<HeldObject, Company>()
  for (const [organisation, holders] of organisations) {
    for (const { others } of holders) {
      for (const other of others.keys()) {
        const company = together.get(other)
        if (!company) together.set(other, { organisation, organisations: 1 })
        else if (company.organisation !== organisation) {
          company.organisation = organisation
          company.organisations++
        }
      }
    }
  }
  return together
}

/**
 * A campaign that spreads its wrapper over many cards, two or three accounts each, shows in no single card. Per kind that is more
 * than co-adoption: the number of objects that at least two organisations of the anchor hold, against a Poisson whose
 * mean sums, over all objects of the kind, the chance that two of its holders fall among the anchor's by accident.
 */
function pooledLogP(
  anchor: HeldObject,
  together: ReadonlyMap<HeldObject, Company>,
  holdings: Holdings,
  population: number,
): Map<ObjectKind, number> {
  const groups = new Map<ObjectKind, number>()
  for (const [{ kind }, { organisations }] of together) {
    if (organisations < SHARED_MIN || !isBeyondCoAdoption(kind)) continue
    groups.set(kind, (groups.get(kind) ?? 0) + 1)
  }
  const share = Math.min(1, anchor.holders.size / Math.max(population, 1))
  return new Map(
    [...groups].map(([kind, count]) => {
      let expected = 0
      // By their number of holders, in order: a sum of fractions would depend on the order of a map.
      for (const [n, objects] of holdings.sizesOf(kind)) {
        expected += objects * (1 - (1 - share) ** n - n * share * (1 - share) ** (n - 1))
      }
      return [kind, logPoissonUpperTail(count, expected)]
    }),
  )
}

/** Accounts that hold both of two objects, in no order: the fewer of the two are asked about the other. */
export function holdersOfBoth(a: string, b: string, holdings: Holdings): string[] {
  const one = holdings.objects.get(a)?.holders
  const other = holdings.objects.get(b)?.holders
  if (!one || !other) return []
  const [few, many] = one.size <= other.size ? [one, other] : [other, one]
  return [...few.keys()].filter((account_id) => many.has(account_id))
}
