import type { CampaignEntity } from '../../schemas/types.ts'
import type { Cluster } from './component.ts'
import { alertId, campaignId } from './identity.ts'

/** A campaign about which nothing has been said yet. */
export function foundCampaign(hop: number, cluster: Cluster, split_from: string | null): CampaignEntity {
  const campaign_id = campaignId(hop, cluster)
  return {
    campaign_id,
    founded_hop: hop,
    alert_id: alertId('campaign', campaign_id, hop),
    revision: 0,
    status: 'open',
    merged_into: null,
    split_from,
    alert_hop: -1,
    alert_accounts: 0,
    severity: '',
    members: [],
    named_beyond: [],
  }
}

/** Gives a campaign the members of its cluster; true when these are others than before. */
export function replaceMembers(campaign: CampaignEntity, accounts: readonly string[], hop: number): boolean {
  const joined = new Map(campaign.members.map(({ account_id, joined_hop }) => [account_id, joined_hop]))
  const isAlike = accounts.length === joined.size && accounts.every((account_id) => joined.has(account_id))
  const named = namesOf(campaign)
  campaign.members = accounts.map((account_id) => ({ account_id, joined_hop: joined.get(account_id) ?? hop }))
  campaign.named_beyond = namesBeyond(named, campaign)
  return !isAlike
}

/** Every account that a campaign's state or its last alert revision names. */
export function namesOf({ members, named_beyond }: CampaignEntity): string[] {
  return [...members.map(({ account_id }) => account_id), ...named_beyond]
}

/** Those of some names that are no members. */
export function namesBeyond(names: readonly string[], { members }: CampaignEntity): string[] {
  const known = new Set(members.map(({ account_id }) => account_id))
  return names.filter((account_id) => !known.has(account_id))
}

/** Forgets accounts; false when the campaign names none of them. */
export function eraseNames(campaign: CampaignEntity, gone: ReadonlySet<string>): boolean {
  if (!namesOf(campaign).some((account_id) => gone.has(account_id))) return false
  campaign.members = campaign.members.filter(({ account_id }) => !gone.has(account_id))
  campaign.named_beyond = campaign.named_beyond.filter((account_id) => !gone.has(account_id))
  return true
}
