import type { AnchorAssessment, Conjunction, ObjectKind } from '../../schemas/types.ts'
import { cuesOf, type HeldObject, type Holdings } from './holdings.ts'
import { isBeyondCoAdoption, logPMax } from './object-kinds.ts'
import { logPoissonUpperTail } from './poisson.ts'
import type { CampaignsSettings } from './settings.ts'

// Fewer organisations than this share nothing.
const SHARED_MIN = 2

/** An object that at least two organisations hold together with an anchor. */
interface Company {
  readonly other: HeldObject
  readonly organisations: number
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
  for (const { other, organisations } of together) {
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
function companyOf(anchor: HeldObject, holdings: Holdings): Company[] {
  const seen: HeldObject[] = []
  for (const [organisation, accounts] of accountsByOrganisation(anchor)) {
    for (const account_id of accounts) {
      for (const other of holdings.holder(account_id).others.keys()) {
        const { tally } = other
        if (tally.organisations === 0) seen.push(other)
        else if (tally.organisation === organisation) continue
        tally.organisation = organisation
        tally.organisations++
      }
    }
  }
  const together: Company[] = []
  for (const other of seen) {
    const { organisations } = other.tally
    if (organisations >= SHARED_MIN) together.push({ other, organisations })
    other.tally.organisations = 0
  }
  return together
}

function accountsByOrganisation({ holders }: HeldObject): Map<string, string[]> {
  const organisations = new Map<string, string[]>()
  for (const [account_id, { context }] of holders) {
    const accounts = organisations.get(context.org_id)
    if (accounts) accounts.push(account_id)
    else organisations.set(context.org_id, [account_id])
  }
  return organisations
}

/**
 * A campaign that spreads its wrapper over many cards, two or three accounts each, shows in no single card. Per kind that is more
 * than co-adoption: the number of objects that at least two organisations of the anchor hold, against a Poisson whose
 * mean sums, over all objects of the kind, the chance that two of its holders fall among the anchor's by accident.
 */
function pooledLogP(
  anchor: HeldObject,
  together: readonly Company[],
  holdings: Holdings,
  population: number,
): Map<ObjectKind, number> {
  const groups = new Map<ObjectKind, number>()
  for (const {
    other: { kind },
  } of together) {
    if (!isBeyondCoAdoption(kind)) continue
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
