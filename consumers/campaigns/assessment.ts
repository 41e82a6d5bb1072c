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
import type { Cluster } from './component.ts'
import { detectorHits } from './evidence.ts'
import { blastRadius, exposure } from './exposure.ts'
import { firstNames } from './first-names.ts'
import type { Holdings } from './holdings.ts'
import type { Judgement } from './judgement.ts'
import { describeMember } from './member.ts'
import { BLOCK_OF, cueClasses } from './object-kinds.ts'
import { round } from './round.ts'

/** What is known at the end of a hop, beside a cluster and what was decided about it. */
export interface Knowledge {
  readonly holdings: Holdings
  readonly hitsOf: (account_id: string) => readonly Signal[]
  /** Accounts that were active within the last day. */
  readonly population: number
  readonly end_ms: number
  readonly related_max: number
}

/** What an alert about a cluster says, or the record of its campaign. */
export interface Assessment {
  readonly accused: AlertAccount[]
  readonly related: AlertAccount[]
  readonly score: number
  readonly severity: Judgement['severity']
  readonly recommended_action: 'observe' | 'verify'
  readonly objectives: string[]
  readonly evidence: Evidence[]
  readonly exposure: Exposure
  readonly blast_radius: BlastRadius
  readonly objects: CampaignObject[]
}

/** Spells a judgement out. Costs a walk over the cluster and the holders of its objects, so only when it is told. */
export function describe(cluster: Cluster, judgement: Judgement, knowledge: Knowledge): Assessment {
  const { holdings, hitsOf } = knowledge
  const { members, accused, concerned, score, severity } = judgement
  const anchors = new Map(cluster.anchors.map((anchor) => [anchor.key, anchor]))
  const describeOne = (account_id: string) => describeMember(account_id, anchors, holdings, hitsOf(account_id))
  const contexts = concerned.flatMap((account_id) => holdings.context(account_id) ?? [])
  return {
    accused: accused.map(describeOne),
    related: relatedOf(cluster, judgement, knowledge).map(describeOne),
    score,
    severity,
    recommended_action: accused.length > 0 ? 'verify' : 'observe',
    objectives: objectivesOf(cluster, members, hitsOf),
    evidence: [...judgement.evidence, ...detectorHits(members, hitsOf)],
    exposure: exposure(contexts),
    blast_radius: blastRadius(contexts, knowledge.end_ms),
    objects: objectsOf(cluster, knowledge),
  }
}

/** What is said of a campaign that is over. */
export function describeNobody(end_ms: number): Assessment {
  const nobody: AccountContext[] = []
  return {
    accused: [],
    related: [],
    score: 0,
    severity: 'low',
    recommended_action: 'observe',
    objectives: [],
    evidence: [],
    exposure: { ...exposure(nobody), first_seen_ms: end_ms, last_seen_ms: end_ms },
    blast_radius: blastRadius(nobody, end_ms),
    objects: [],
  }
}

/** Holders of an eliciting anchor that hold nothing else in common with the cluster, and members that are not accused. */
function relatedOf(
  cluster: Cluster,
  { accused, eliciting }: Judgement,
  { holdings, related_max }: Knowledge,
): string[] {
  const named = new Set(accused)
  const holders = eliciting.map(({ key }) => holdings.objects.get(key)?.holders.keys() ?? [])
  return firstNames([cluster.accounts, ...holders], named, related_max)
}

function objectivesOf(cluster: Cluster, members: readonly string[], hitsOf: Knowledge['hitsOf']): string[] {
  const objectives = new Set<string>(cluster.anchors.flatMap(({ assessment }) => cueClasses(assessment.cues)))
  for (const account_id of members) {
    for (const hit of hitsOf(account_id)) for (const objective of hit.objectives) objectives.add(objective)
  }
  return [...objectives].sort(compareText)
}

function objectsOf(cluster: Cluster, { holdings, population }: Knowledge): CampaignObject[] {
  const keys = new Set(cluster.anchors.flatMap(({ key, ties }) => [key, ...ties.keys()]))
  return [...keys].sort(compareText).flatMap((key): CampaignObject[] => {
    const held = holdings.objects.get(key)
    if (!held) return []
    const { kind, object, holders } = held
    return [
      {
        kind,
        object,
        block: BLOCK_OF[kind],
        accounts: holders.size,
        organisations: holdings.organisations(key),
        weight: round(Math.log(Math.max(population, holders.size) / holders.size)),
      },
    ]
  })
}
