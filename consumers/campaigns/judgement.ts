import type { Evidence } from '../../schemas/types.ts'
import type { Cluster } from './component.ts'
import { jointHoldings, posterior } from './evidence.ts'
import { type Holdings, objectKey } from './holdings.ts'
import { isBeyondCoAdoption } from './object-kinds.ts'
import type { CampaignsSettings } from './settings.ts'
import type { StandingAnchor } from './standing-anchor.ts'

const HIGH_ORGANISATIONS_MIN = 10
const HIGH_SHARE_MIN = 0.5
const CRITICAL_ORGANISATIONS_MIN = 1_000
const CRITICAL_REQUESTS_MIN = 100_000

/**
 * What is decided about a cluster. It depends on the cluster, on what its accounts hold, on their contexts and on who was
 * cleared; not on the time, the population or the detectors' hits, which only stand in what is told about it.
 */
export interface Judgement {
  /** Accounts that were not cleared. */
  readonly members: readonly string[]
  readonly accused: readonly string[]
  /** Whom exposure and blast radius are of. */
  readonly concerned: readonly string[]
  readonly eliciting: readonly StandingAnchor[]
  readonly evidence: readonly Evidence[]
  readonly score: number
  readonly severity: 'low' | 'medium' | 'high' | 'critical'
}

/**
 * Judges a cluster. Null: nothing to say, because no eliciting instruction holds it together. Members are accused only
 * when two blocks agree, one of them more than co-adoption, and they carry an eliciting instruction: a viral agent release
 * shares a template and a client among thousands of innocents. Until a deployment has calibrated itself, the basis is
 * `rule` and the strongest action is `verify` (DESIGN §6, day one).
 */
export function judge(
  cluster: Cluster,
  holdings: Holdings,
  isCleared: (account_id: string) => boolean,
  settings: CampaignsSettings,
): Judgement | null {
  const eliciting = cluster.anchors.filter(({ isEliciting }) => isEliciting)
  if (eliciting.length === 0) return null
  const members = cluster.accounts.filter((account_id) => !isCleared(account_id))
  const { beyond, carrying, tied } = bondsOf(members, eliciting, holdings)
  const organisations = organisationsOf(members, holdings)
  const beyondShare = beyond / Math.max(members.length, 1)
  const elicitingShare = carrying / Math.max(members.length, 1)
  const evidence = jointHoldings(cluster.anchors)
  const score = posterior(evidence, settings.prior)
  // Nobody is accused by an alert that is itself more likely wrong than right.
  const isTied = organisationsOf(tied, holdings) >= settings.organisations_min && score >= settings.accuse_score_min
  // The payment ties a few members; that accuses the others too once it ties enough of them, and most carry the instruction.
  const isShared = beyondShare >= settings.beyond_share_min && elicitingShare >= settings.eliciting_share_min
  const accused = !isTied ? [] : isShared ? members.filter((account_id) => !holdings.context(account_id)?.exempt) : tied
  // When everybody has been cleared, what is stated is what they all did: nobody has no first request.
  const concerned = accused.length > 0 ? accused : members.length > 0 ? members : cluster.accounts
  const requests = concerned.reduce((sum, account_id) => sum + (holdings.context(account_id)?.requests ?? 0), 0)
  const strong = beyondShare >= HIGH_SHARE_MIN && organisations >= HIGH_ORGANISATIONS_MIN
  const vast = organisations >= CRITICAL_ORGANISATIONS_MIN || requests >= CRITICAL_REQUESTS_MIN
  const severity = accused.length === 0 ? 'low' : strong && vast ? 'critical' : strong ? 'high' : 'medium'
  return { members, accused, concerned, eliciting, evidence, score, severity }
}

/** Distinct organisations of accounts. */
function organisationsOf(accounts: readonly string[], holdings: Holdings): number {
  const organisations = new Set<string | undefined>()
  for (const account_id of accounts) organisations.add(holdings.context(account_id)?.org_id)
  return organisations.size
}

/**
 * How many members hold something beyond co-adoption that goes with an eliciting instruction, how many carry one, and who
 * may be accused for holding both of one pair.
 */
function bondsOf(members: readonly string[], eliciting: readonly StandingAnchor[], holdings: Holdings) {
  // A card that goes with some other instruction, such as an agency's house style, says nothing about this one.
  const anchors = new Set(eliciting.map(({ key }) => key))
  const partners = new Map<string, Set<string>>()
  for (const { key, assessment } of eliciting) {
    for (const conjunction of assessment.conjunctions) {
      if (!isBeyondCoAdoption(conjunction.kind)) continue
      const other = objectKey(conjunction)
      const bound = partners.get(other) ?? new Set()
      partners.set(other, bound.add(key))
    }
  }
  let beyond = 0
  let carrying = 0
  const tied: string[] = []
  for (const account_id of members) {
    const holder = holdings.holder(account_id)
    const carried = [...holder.anchors.keys()].filter(({ key }) => anchors.has(key))
    const bound = [...holder.others.keys()].flatMap(({ key }) => partners.get(key) ?? [])
    if (carried.length > 0) carrying++
    if (bound.length > 0) beyond++
    const isTied = bound.some((keys) => carried.some(({ key }) => keys.has(key)))
    if (isTied && !holdings.context(account_id)?.exempt) tied.push(account_id)
  }
  return { beyond, carrying, tied }
}
