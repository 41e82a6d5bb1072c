import { createHash } from 'node:crypto'
import { compareText } from '../../lib/stream/order.ts'
import type { Cluster } from './component.ts'

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
  const places = new Map(clusters.flatMap(({ accounts }, place) => accounts.map((account_id) => [account_id, place])))
  // By place of the cluster: campaigns that live on in it, and those that have any member there.
  const tenants = new Map<number, KnownCampaign[]>()
  const parents = new Map<number, KnownCampaign[]>()
  const succession: Succession = { continued: [], founded: [], merged: [], ended: [] }
  for (const campaign of known) {
    const overlaps = new Map<number, number>()
    for (const account_id of campaign.members) {
      const place = places.get(account_id)
      if (place !== undefined) overlaps.set(place, (overlaps.get(place) ?? 0) + 1)
    }
    // Clusters come in order of their first account, which settles a tie.
    const [best] = [...overlaps].sort(([a, n], [b, m]) => m - n || a - b)
    for (const place of overlaps.keys()) put(parents, place, campaign)
    if (best) put(tenants, best[0], campaign)
    else succession.ended.push(campaign.campaign_id)
  }
  for (const [place, cluster] of clusters.entries()) {
    const [oldest, ...others] = tenants.get(place)?.sort(compareAge) ?? []
    if (oldest) succession.continued.push({ campaign_id: oldest.campaign_id, cluster })
    else {
      const [parent] = parents.get(place)?.sort(compareAge) ?? []
      succession.founded.push({ cluster, split_from: parent?.campaign_id ?? null })
    }
    for (const { campaign_id } of others) succession.merged.push({ campaign_id, into: oldest!.campaign_id })
  }
  return succession
}

function put(campaigns: Map<number, KnownCampaign[]>, place: number, campaign: KnownCampaign): void {
  const there = campaigns.get(place) ?? []
  campaigns.set(place, there)
  there.push(campaign)
}

/** Id of a campaign founded at `hop`: computed, so that every run gives it the same one. */
export function campaignId(hop: number, cluster: Cluster): string {
  const first = cluster.anchors.map(({ key }) => key).sort(compareText)[0] ?? ''
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
