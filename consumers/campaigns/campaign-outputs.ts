import type { HopInput, Output } from '../../lib/stream/processor.ts'
import type { Alert, CampaignEntity } from '../../schemas/types.ts'
import { paginate } from './alert-pages.ts'
import type { Assessment } from './assessment.ts'
import type { Holdings } from './holdings.ts'

/** The pages of a revision of a campaign's alert. */
export function campaignAlert(
  campaign: CampaignEntity,
  assessment: Assessment,
  hop: HopInput,
  config_hash: string,
): Output[] {
  const alert: Alert = {
    alert_id: campaign.alert_id,
    revision: campaign.revision,
    page: 0,
    pages: 1,
    status: campaign.status,
    merged_into: campaign.merged_into,
    split_from: campaign.split_from,
    hop: hop.hop,
    event_time_ms: hop.end_ms,
    subject: { kind: 'campaign', id: campaign.campaign_id },
    accounts: assessment.accused,
    related_accounts: assessment.related,
    score: assessment.score,
    score_basis: 'rule',
    severity: assessment.severity,
    objectives: assessment.objectives,
    evidence: assessment.evidence,
    exposure: assessment.exposure,
    blast_radius: assessment.blast_radius,
    recommended_action: assessment.recommended_action,
    config_hash,
  }
  return paginate(alert).map((value) => ({ topic: 'alerts', key: campaign.campaign_id, partition: 0, value }))
}

/** The record of a campaign as an entity. */
export function campaignRecord(
  campaign: CampaignEntity,
  assessment: Assessment,
  hop: number,
  holdings: Holdings,
): Output {
  const { campaign_id, founded_hop, status, merged_into, split_from, members } = campaign
  const described = new Map(
    [...assessment.related, ...assessment.accused].map((account) => [account.account_id, account]),
  )
  return {
    topic: 'campaigns',
    key: campaign_id,
    partition: 0,
    value: {
      campaign_id,
      founded_hop,
      hop,
      status,
      merged_into,
      split_from,
      members: members.map(({ account_id, joined_hop }) => {
        const account = described.get(account_id)
        const org_id = account?.org_id ?? holdings.context(account_id)?.org_id ?? account_id
        return { account_id, org_id, joined_hop, score: account?.score ?? 0, reasons: account?.reasons ?? [] }
      }),
      objects: assessment.objects,
      score: assessment.score,
      severity: assessment.severity,
    },
  }
}
