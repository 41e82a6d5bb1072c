import { compareText } from '../../lib/stream/order.ts'
import type {
  AccountContext,
  AlertAccount,
  BlastRadius,
  CampaignObject,
  Evidence,
  Exposure,
  Signal,
} from '../../schemas/types.ts'
import type { Cluster } from './clusters.ts'
import { type Holdings, objectKey } from './holdings.ts'
import { BLOCK_OF, cueClasses, isBeyondCoAdoption, isEliciting } from './object-kinds.ts'
import type { CampaignsSettings } from './settings.ts'

const DAY_MS = 86_400_000
// A thousand looks at one stream can't make this much evidence; beyond it the number would only look exact.
const E_VALUE_MAX = 1e6
const HIGH_ORGANISATIONS_MIN = 10
const HIGH_SHARE_MIN = 0.5
const CRITICAL_ORGANISATIONS_MIN = 1_000
const CRITICAL_REQUESTS_MIN = 100_000

/** What a member's links and hits weigh as evidence of membership, combined as independent misses. Stated, not calibrated. */
const MEMBER_WEIGHT: Readonly<Record<string, number>> = { payload: 0.6, payment: 0.8, relay: 0.8, infrastructure: 0.4 }
const MEMBER_HIT_WEIGHT = 0.5

/** What the stage knows about accounts beside their holdings. */
export interface AccountKnowledge {
  readonly hits: (account_id: string) => readonly Signal[]
  readonly isCleared: (account_id: string) => boolean
}

/** A cluster judged: what an alert about it says. */
export interface Assessment {
  readonly accused: AlertAccount[]
  readonly related: AlertAccount[]
  readonly score: number
  readonly severity: 'low' | 'medium' | 'high' | 'critical'
  readonly recommended_action: 'observe' | 'verify'
  readonly objectives: string[]
  readonly evidence: Evidence[]
  readonly exposure: Exposure
  readonly blast_radius: BlastRadius
  readonly objects: CampaignObject[]
}

/**
 * Judges a cluster. Null: nothing to say, because no eliciting instruction holds it together. Members are accused only
 * when two blocks agree, one of them more than co-adoption, and they carry an eliciting instruction: a viral agent release
 * shares a template and a client among thousands of innocents. Until a deployment has calibrated itself, the basis is
 * `rule` and the strongest action is `verify` (DESIGN §6, day one).
 */
export function assess(
  cluster: Cluster,
  holdings: Holdings,
  knowledge: AccountKnowledge,
  population: number,
  end_ms: number,
  settings: CampaignsSettings,
): Assessment | null {
  const elicitingAnchors = cluster.anchors.filter(({ cues }) => isEliciting(cues))
  if (elicitingAnchors.length === 0) return null
  const eliciting = elicitingAnchors.map(objectKey)
  const members = cluster.accounts.filter((account_id) => !knowledge.isCleared(account_id))
  // A card that goes with some other instruction, such as an agency's house style, says nothing about this one.
  const ties = elicitingAnchors.map((anchor) => ({
    anchor: objectKey(anchor),
    beyond: anchor.conjunctions.filter(({ kind }) => isBeyondCoAdoption(kind)).map(objectKey),
  }))
  const beyond = new Set(ties.flatMap((tie) => tie.beyond))
  const holdsAny = (keys: Iterable<string>) => {
    const list = [...keys]
    return (account_id: string) => list.some((key) => holdings.holds(account_id, key))
  }
  const share = (predicate: (account_id: string) => boolean) =>
    members.filter(predicate).length / Math.max(members.length, 1)
  const organisations = organisationsOf(members, holdings)
  const beyondShare = share(holdsAny(beyond))
  const elicitingShare = share(holdsAny(eliciting))
  const accusable = members.filter((account_id) => !holdings.context(account_id)?.exempt)
  const tied = accusable.filter((account_id) =>
    ties.some((tie) => holdings.holds(account_id, tie.anchor) && holdsAny(tie.beyond)(account_id)),
  )
  const evidence = [...jointHoldings(cluster), ...detectorHits(members, knowledge)]
  const score = posterior(evidence, settings.prior)
  // Nobody is accused by an alert that is itself more likely wrong than right.
  const isTied = organisationsOf(tied, holdings) >= settings.organisations_min && score >= settings.accuse_score_min
  // The payment ties a few members; that accuses the others too once it ties enough of them, and most carry the instruction.
  const isShared = beyondShare >= settings.beyond_share_min && elicitingShare >= settings.eliciting_share_min
  const subjects = !isTied ? [] : isShared ? accusable : tied
  const accuses = subjects.length > 0
  const describe = (account_id: string) => describeMember(account_id, cluster, holdings, knowledge.hits(account_id))
  const accused = subjects.map(describe)
  const named = new Set(accused.map(({ account_id }) => account_id))
  const around = relatedOf(cluster, eliciting, holdings).filter((account_id) => !named.has(account_id))
  const related = around.slice(0, settings.related_max).map(describe)
  // When everybody has been cleared, what is stated is what they all did: nobody has no first request.
  const concerned = accuses ? subjects : members.length > 0 ? members : cluster.accounts
  const exposure = exposureOf(concerned, holdings)
  const strong = beyondShare >= HIGH_SHARE_MIN && organisations >= HIGH_ORGANISATIONS_MIN
  const vast = organisations >= CRITICAL_ORGANISATIONS_MIN || exposure.requests >= CRITICAL_REQUESTS_MIN
  return {
    accused,
    related,
    score,
    severity: !accuses ? 'low' : strong && vast ? 'critical' : strong ? 'high' : 'medium',
    recommended_action: accuses ? 'verify' : 'observe',
    objectives: objectivesOf(cluster, members, knowledge),
    evidence,
    exposure,
    blast_radius: blastRadiusOf(concerned, holdings, end_ms),
    objects: objectsOf(cluster, holdings, population),
  }
}

/** What follows for accounts when action is taken on them. */
function blastRadiusOf(accounts: readonly string[], holdings: Holdings, end_ms: number): BlastRadius {
  const contexts = accounts.flatMap((account_id) => holdings.context(account_id) ?? [])
  return blastRadius(contexts, end_ms)
}

export function blastRadius(contexts: readonly AccountContext[], end_ms: number): BlastRadius {
  const tenures = contexts
    .flatMap(({ created_at_ms }) => (created_at_ms === null ? [] : [(end_ms - created_at_ms) / DAY_MS]))
    .sort((a, b) => a - b)
  return {
    accounts: contexts.length,
    organisations: new Set(contexts.map(({ org_id }) => org_id)).size,
    paying_share: round(contexts.filter(({ paying }) => paying).length / Math.max(contexts.length, 1)),
    median_tenure_days: round(tenures[Math.floor(tenures.length / 2)] ?? 0),
  }
}

/** Six decimals: more than the evidence carries, few enough to read. */
export function round(value: number): number {
  return Math.round(value * 1e6) / 1e6
}

function organisationsOf(accounts: readonly string[], holdings: Holdings): number {
  return new Set(accounts.map((account_id) => holdings.context(account_id)?.org_id)).size
}

function describeMember(
  account_id: string,
  cluster: Cluster,
  holdings: Holdings,
  hits: readonly Signal[],
): AlertAccount {
  const reasons = new Set<string>()
  const blocks = new Set<string>()
  for (const anchor of cluster.anchors) {
    if (!holdings.holds(account_id, objectKey(anchor))) continue
    reasons.add(`shares_${anchor.kind}`)
    blocks.add(BLOCK_OF[anchor.kind])
    for (const conjunction of anchor.conjunctions) {
      if (!holdings.holds(account_id, objectKey(conjunction))) continue
      reasons.add(`shares_${conjunction.kind}`)
      blocks.add(BLOCK_OF[conjunction.kind])
    }
  }
  let miss = 1
  for (const block of blocks) miss *= 1 - (MEMBER_WEIGHT[block] ?? 0)
  for (const { detector } of hits) {
    reasons.add(detector)
    miss *= 1 - MEMBER_HIT_WEIGHT
  }
  const org_id = holdings.context(account_id)?.org_id ?? account_id
  return { account_id, org_id, score: round(1 - miss), reasons: [...reasons].sort(compareText) }
}

/** Holders of an eliciting anchor that hold nothing else in common with the cluster, and members that are not accused. */
function relatedOf(cluster: Cluster, eliciting: readonly string[], holdings: Holdings): string[] {
  const accounts = new Set(cluster.accounts)
  for (const key of eliciting)
    for (const account_id of holdings.objects.get(key)?.holders.keys() ?? []) accounts.add(account_id)
  return [...accounts].sort(compareText)
}

/** The strongest joint holding of each block, corrected for how many were found. */
function jointHoldings(cluster: Cluster): Evidence[] {
  const found = cluster.anchors.flatMap((anchor) => anchor.conjunctions.map((conjunction) => ({ anchor, conjunction })))
  const blocks = new Map<string, (typeof found)[number]>()
  for (const pair of found) {
    const block = BLOCK_OF[pair.conjunction.kind]
    const best = blocks.get(block)
    if (!best || pair.conjunction.log_p < best.conjunction.log_p) blocks.set(block, pair)
  }
  return [...blocks]
    .sort(([a], [b]) => compareText(a, b))
    .map(([block, { anchor, conjunction }]) => {
      const log_p = Math.min(0, conjunction.log_p + Math.log(found.length))
      return {
        detector: 'joint-holding',
        version: 1,
        block,
        status: 'active',
        window: 'object lifetime',
        segment: 'all',
        n: conjunction.organisations,
        p_value: Math.exp(log_p),
        e_value: round(Math.min(E_VALUE_MAX, 0.5 * Math.exp(-log_p / 2))),
        observed: conjunction.organisations,
        baseline: round(conjunction.expected),
        detail: `organisations that share ${anchor.kind} ${hex(anchor.object)} and ${conjunction.kind} ${hex(conjunction.object)}`,
      }
    })
}

function detectorHits(members: readonly string[], knowledge: AccountKnowledge): Evidence[] {
  const byDetector = new Map<string, Signal[]>()
  for (const account_id of members) {
    for (const hit of knowledge.hits(account_id)) {
      const hits = byDetector.get(hit.detector) ?? []
      byDetector.set(hit.detector, hits)
      hits.push(hit)
    }
  }
  return [...byDetector]
    .sort(([a], [b]) => compareText(a, b))
    .map(([detector, hits]) => ({
      detector,
      version: hits[0]!.version,
      block: hits[0]!.block,
      status: 'active',
      window: `${hits[0]!.window_ms / 60_000} min`,
      segment: 'all',
      n: members.length,
      p_value: null,
      e_value: null,
      observed: round(hits.length / members.length),
      baseline: null,
      detail: `share of members with ${hits[0]!.reason}`,
    }))
}

/** p to e by 0.5/√p; averaged over blocks, because they come from the same accounts and hours (DESIGN §6). */
function posterior(evidence: readonly Evidence[], prior: number): number {
  const e_values = evidence.flatMap(({ e_value }) => e_value ?? [])
  const e_value = e_values.reduce((sum, value) => sum + value, 0) / Math.max(e_values.length, 1)
  return round((prior * e_value) / (1 - prior + prior * e_value))
}

function objectivesOf(cluster: Cluster, members: readonly string[], knowledge: AccountKnowledge): string[] {
  const objectives = new Set<string>(cluster.anchors.flatMap(({ cues }) => cueClasses(cues)))
  for (const account_id of members) {
    for (const hit of knowledge.hits(account_id)) for (const objective of hit.objectives) objectives.add(objective)
  }
  return [...objectives].sort(compareText)
}

function exposureOf(accounts: readonly string[], holdings: Holdings): Exposure {
  return exposure(accounts.flatMap((account_id) => holdings.context(account_id) ?? []))
}

export function exposure(contexts: readonly AccountContext[]): Exposure {
  return {
    requests: contexts.reduce((sum, { requests }) => sum + requests, 0),
    output_tokens: contexts.reduce((sum, { output_tokens }) => sum + output_tokens, 0),
    first_seen_ms: contexts.reduce(
      (first, { first_seen_ms }) => Math.min(first, first_seen_ms),
      Number.MAX_SAFE_INTEGER,
    ),
    last_seen_ms: contexts.reduce((last, { last_seen_ms }) => Math.max(last, last_seen_ms), 0),
  }
}

function objectsOf(cluster: Cluster, holdings: Holdings, population: number): CampaignObject[] {
  const keys = new Set(cluster.anchors.flatMap((anchor) => [anchor, ...anchor.conjunctions].map(objectKey)))
  return [...keys].sort(compareText).flatMap((key): CampaignObject[] => {
    const object = holdings.objects.get(key)
    if (!object) return []
    const accounts = object.holders.size
    return [
      {
        kind: object.kind,
        object: object.object,
        block: BLOCK_OF[object.kind],
        accounts,
        organisations: organisationsOf([...object.holders.keys()], holdings),
        weight: round(Math.log(Math.max(population, accounts) / accounts)),
      },
    ]
  })
}

/** How an object is named in evidence: enough to look it up, nothing to read. */
function hex(object: number): string {
  return object.toString(16).padStart(13, '0')
}
