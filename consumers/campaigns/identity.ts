import { createHash } from 'node:crypto'
import { compareText } from '../../lib/stream/order.ts'
import type { Cluster } from './clusters.ts'
import { objectKey } from './holdings.ts'

/** What lives on of a campaign from hop to hop. */
export interface KnownCampaign {
  readonly campaign_id: string
  readonly founded_hop: number
  readonly members: ReadonlySet<string>
}

/** How the clusters of this hop continue the campaigns of the last. */
export interface Succession {
  readonly continued: { readonly campaign_id: string; readonly cluster: Cluster }[]
  readonly founded: { readonly cluster: Cluster; readonly split_from: string | null }[]
  readonly merged: { readonly campaign_id: string; readonly into: string }[]
  /** Campaigns that no cluster continues. */
  readonly ended: string[]
}

/**
 * Lets identity survive growth, splits, merges and the replacement of members: a campaign continues in the cluster that
 * holds most of its members; where several meet in one cluster the oldest survives; a cluster that took a part of a campaign
 * which lives on elsewhere is a split.
 */
export function succeed(clusters: readonly Cluster[], known: readonly KnownCampaign[]): Succession {
  const homes = new Map<string, Cluster>()
  const shares = new Map<Cluster, KnownCampaign[]>()
  for (const campaign of known) {
    let best: { cluster: Cluster; overlap: number } | null = null
    for (const cluster of clusters) {
      const overlap = cluster.accounts.filter((account_id) => campaign.members.has(account_id)).length
      if (overlap === 0) continue
      shares.set(cluster, [...(shares.get(cluster) ?? []), campaign])
      // Clusters come in order of their first account, which settles a tie.
      if (best === null || overlap > best.overlap) best = { cluster, overlap }
    }
    if (best) homes.set(campaign.campaign_id, best.cluster)
  }
  const succession: Succession = { continued: [], founded: [], merged: [], ended: [] }
  for (const cluster of clusters) {
    const here = known.filter(({ campaign_id }) => homes.get(campaign_id) === cluster).sort(compareAge)
    const oldest = here[0]
    if (oldest) succession.continued.push({ campaign_id: oldest.campaign_id, cluster })
    else {
      const parent = (shares.get(cluster) ?? []).sort(compareAge)[0]
      succession.founded.push({ cluster, split_from: parent?.campaign_id ?? null })
    }
    for (const { campaign_id } of here.slice(1)) succession.merged.push({ campaign_id, into: oldest!.campaign_id })
  }
  for (const { campaign_id } of known) if (!homes.has(campaign_id)) succession.ended.push(campaign_id)
  return succession
}

/** Id of a campaign founded at `hop`: computed, so that every run gives it the same one. */
export function campaignId(hop: number, cluster: Cluster): string {
  const first = cluster.anchors.map(objectKey).sort(compareText)[0] ?? ''
  return `c-${digest(['campaign', String(hop), first, cluster.accounts[0] ?? ''])}`
}

/** Id of the alert about a subject: a hash of subject kind, subject id and founding hop. */
export function alertId(kind: 'campaign' | 'account', id: string, hop: number): string {
  return `a-${digest([kind, id, String(hop)])}`
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\u0000')).digest('hex').slice(0, 16)
}

function compareAge(a: KnownCampaign, b: KnownCampaign): number {
  return a.founded_hop - b.founded_hop || compareText(a.campaign_id, b.campaign_id)
}
