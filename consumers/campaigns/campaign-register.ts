import type { Changes } from '../../lib/stream/changes.ts'
import { compareText } from '../../lib/stream/order.ts'
import type { HopInput, Output } from '../../lib/stream/processor.ts'
import type { CampaignEntity } from '../../schemas/types.ts'
import { type Assessment, describe, describeNobody, type Knowledge } from './assessment.ts'
import { eraseNames, foundCampaign, namesBeyond, replaceMembers } from './campaign-entity.ts'
import { campaignAlert, campaignRecord } from './campaign-outputs.ts'
import type { Cluster, Component } from './component.ts'
import type { Components } from './components.ts'
import { succeed } from './identity.ts'
import { type Judgement, judge } from './judgement.ts'
import type { CampaignsIntervals, CampaignsSettings } from './settings.ts'
import { entryKey, entryOf } from './state-entries.ts'

export interface CampaignRegisterOptions {
  readonly changes: Changes
  readonly components: Components
  readonly isCleared: (account_id: string) => boolean
  readonly settings: CampaignsSettings
  readonly intervals: CampaignsIntervals
  readonly config_hash: string
}

/** The end of a hop as campaigns see it, beside what their components show. */
export interface Occasion {
  readonly hop: HopInput
  readonly knowledge: Knowledge
  /** Accounts that something was decided about. */
  readonly decided: ReadonlySet<string>
  /** Campaigns that named an account which was erased. */
  readonly erased: ReadonlySet<string>
}

/** A campaign and the cluster that it lives on in. */
interface Tenancy {
  readonly campaign: CampaignEntity
  readonly component: Component
  readonly hasMoved: boolean
}

/**
 * Campaigns with an identity of their own. After each revision every cluster that is spoken of has one campaign, whose members
 * are its accounts, and no two clusters have an account in common. So a cluster that nobody has joined or left since has
 * the same campaign, and which campaign continues where is a question for the other clusters alone.
 */
export class CampaignRegister {
  private readonly campaigns = new Map<string, CampaignEntity>()
  private readonly homes = new Map<string, Component>()
  private readonly judgements = new WeakMap<Component, Judgement>()
  private readonly options: CampaignRegisterOptions
  private told = 0

  constructor(options: CampaignRegisterOptions) {
    this.options = options
  }

  get size(): number {
    return this.campaigns.size
  }

  /** Alert revisions since the start. */
  get revisions(): number {
    return this.told
  }

  /** True in the hop from which on a campaign may be revised again. */
  isRevisionDue(hop: number): boolean {
    for (const { alert_hop } of this.campaigns.values()) {
      if (hop - alert_hop === this.options.intervals.revision_hops) return true
    }
    return false
  }

  /** Forgets accounts; returns the campaigns that named them and must say so. Looks through all campaigns: for rare use. */
  erase(accounts: ReadonlySet<string>): Set<string> {
    const erased = new Set<string>()
    for (const campaign of accounts.size === 0 ? [] : this.campaigns.values()) {
      if (!eraseNames(campaign, accounts)) continue
      erased.add(campaign.campaign_id)
      this.mark(campaign)
    }
    return erased
  }

  /** What there is to say of campaigns that live on, in order of their clusters; that are new; that merged; that ended. */
  revise(occasion: Occasion): Output[] {
    const moved = this.rejudge()
    const tenancies: Tenancy[] = []
    const open: CampaignEntity[] = []
    for (const campaign of this.campaigns.values()) {
      const component = this.homes.get(campaign.campaign_id)
      if (!component || component.isGone || moved.all.has(component)) open.push(campaign)
      else tenancies.push({ campaign, component, hasMoved: false })
    }
    for (const { campaign_id } of open) this.homes.delete(campaign_id)
    const known = open.sort((a, b) => compareText(a.campaign_id, b.campaign_id)).map(withMembers)
    const { continued, founded, merged, ended } = succeed([...moved.judged.keys()], known)
    for (const { campaign_id, cluster } of continued) {
      tenancies.push(this.moveIn(this.campaigns.get(campaign_id)!, moved.judged.get(cluster)!))
    }
    tenancies.sort((a, b) => compareFirst(this.clusterOf(a.component), this.clusterOf(b.component)))
    const { hop, knowledge } = occasion
    const acquitted = this.acquittedBy(occasion.decided)
    const outputs = tenancies.flatMap((tenancy) => this.reviseOne(tenancy, occasion, acquitted))
    for (const { cluster, split_from } of founded) {
      const parent = split_from === null ? null : this.campaigns.get(split_from)!.alert_id
      const campaign = foundCampaign(hop.hop, cluster, parent)
      this.campaigns.set(campaign.campaign_id, campaign)
      outputs.push(...this.reviseOne(this.moveIn(campaign, moved.judged.get(cluster)!), occasion, acquitted))
    }
    for (const { campaign_id, into } of merged) {
      outputs.push(...this.end(campaign_id, 'merged', this.campaigns.get(into)!.alert_id, hop, knowledge))
    }
    for (const campaign_id of ended) {
      outputs.push(...this.end(campaign_id, this.endStatus(campaign_id), null, hop, knowledge))
    }
    return outputs
  }

  restore(campaign_id: string, campaign: CampaignEntity | null): void {
    if (campaign === null) this.campaigns.delete(campaign_id)
    else this.campaigns.set(campaign_id, campaign)
  }

  /**
   * Judges the clusters about which something has changed. Returns those whose campaign is to be found anew, and of these,
   * in order, the ones to speak of.
   */
  private rejudge(): { readonly all: ReadonlySet<Component>; readonly judged: ReadonlyMap<Cluster, Component> } {
    const { components, isCleared, settings } = this.options
    const { reshaped, stale } = components.takeChanges()
    const all = new Set(reshaped)
    const judged: [Cluster, Component][] = []
    for (const component of stale) {
      const cluster = this.clusterOf(component)
      const judgement = judge(cluster, components.holdings, isCleared, settings)
      if (this.judgements.has(component) !== (judgement !== null)) all.add(component)
      if (judgement) this.judgements.set(component, judgement)
      else this.judgements.delete(component)
      if (judgement && all.has(component)) judged.push([cluster, component])
    }
    return { all, judged: new Map(judged.sort(([a], [b]) => compareFirst(a, b))) }
  }

  private moveIn(campaign: CampaignEntity, component: Component): Tenancy {
    this.homes.set(campaign.campaign_id, component)
    return { campaign, component, hasMoved: true }
  }

  private reviseOne(
    { campaign, component, hasMoved }: Tenancy,
    { hop, knowledge, erased }: Occasion,
    acquitted: ReadonlySet<Component>,
  ): Output[] {
    const cluster = this.clusterOf(component)
    const judgement = this.judgements.get(component)!
    const hasOthers = hasMoved && replaceMembers(campaign, cluster.accounts, hop.hop)
    const speaks =
      erased.has(campaign.campaign_id) ||
      this.isNews(campaign, judgement, hop.hop) ||
      (campaign.alert_accounts > 0 && acquitted.has(component)) ||
      campaign.named_beyond.length > this.options.settings.members_max
    if (!speaks && !hasOthers) return []
    const assessment = describe(cluster, judgement, knowledge)
    const outputs: Output[] = []
    if (speaks) {
      campaign.revision++
      campaign.status = campaign.revision === 1 ? 'open' : 'updated'
      campaign.alert_hop = hop.hop
      campaign.alert_accounts = assessment.accused.length
      campaign.severity = assessment.severity
      const named = [...assessment.accused, ...assessment.related].map(({ account_id }) => account_id)
      campaign.named_beyond = namesBeyond(named, campaign)
      outputs.push(...this.tell(campaign, assessment, hop))
    }
    this.mark(campaign)
    outputs.push(campaignRecord(campaign, assessment, hop.hop, knowledge.holdings))
    return outputs
  }

  /** A revision is due when the accused have grown by a fifth or the severity has changed, at most hourly; a withdrawal at once. */
  private isNews(campaign: CampaignEntity, { accused, severity }: Judgement, hop: number): boolean {
    const { settings, intervals } = this.options
    if (campaign.revision === 0) return true
    if (severity === campaign.severity && accused.length < campaign.alert_accounts) return true
    if (hop - campaign.alert_hop < intervals.revision_hops) return false
    return (
      severity !== campaign.severity ||
      accused.length >= Math.max(1, campaign.alert_accounts) * settings.revision_growth_ratio
    )
  }

  private end(
    campaign_id: string,
    status: 'merged' | 'closed' | 'withdrawn',
    merged_into: string | null,
    hop: HopInput,
    { holdings }: Knowledge,
  ): Output[] {
    const campaign = this.campaigns.get(campaign_id)!
    this.campaigns.delete(campaign_id)
    this.options.changes.mark(entryKey('campaign', campaign_id), () => null)
    campaign.revision++
    Object.assign(campaign, { status, merged_into, members: [], named_beyond: [] })
    const nobody = describeNobody(hop.end_ms)
    return [...this.tell(campaign, nobody, hop), campaignRecord(campaign, nobody, hop.hop, holdings)]
  }

  /** A campaign ends as withdrawn when its members were cleared, as closed when they went quiet. */
  private endStatus(campaign_id: string): 'closed' | 'withdrawn' {
    const { members } = this.campaigns.get(campaign_id)!
    const cleared = members.filter(({ account_id }) => this.options.isCleared(account_id)).length
    return cleared * 2 >= members.length ? 'withdrawn' : 'closed'
  }

  private acquittedBy(decided: ReadonlySet<string>): Set<Component> {
    const acquitted = new Set<Component>()
    for (const account_id of decided) {
      const component = this.options.isCleared(account_id) ? this.options.components.of(account_id) : null
      if (component && this.clusterOf(component).accounts.includes(account_id)) acquitted.add(component)
    }
    return acquitted
  }

  private clusterOf(component: Component): Cluster {
    return component.cluster(this.options.settings.members_max)
  }

  private tell(campaign: CampaignEntity, assessment: Assessment, hop: HopInput): Output[] {
    this.told++
    return campaignAlert(campaign, assessment, hop, this.options.config_hash)
  }

  private mark(campaign: CampaignEntity): void {
    this.options.changes.mark(entryKey('campaign', campaign.campaign_id), () => entryOf({ campaign: { ...campaign } }))
  }
}

function withMembers({ campaign_id, founded_hop, members }: CampaignEntity) {
  return { campaign_id, founded_hop, members: new Set(members.map(({ account_id }) => account_id)) }
}

/** Clusters have no account in common, so the first one orders them. */
function compareFirst(a: Cluster, b: Cluster): number {
  return compareText(a.accounts[0]!, b.accounts[0]!)
}
