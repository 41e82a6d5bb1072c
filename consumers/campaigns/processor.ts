import { Changes } from '../../lib/stream/changes.ts'
import { takeErasures } from '../../lib/stream/erasure.ts'
import { compareByObject, compareText } from '../../lib/stream/order.ts'
import type { ChangelogEntry, HopInput, Output, Processor } from '../../lib/stream/processor.ts'
import type {
  Alert,
  AnchorAssessment,
  CampaignEntity,
  CampaignState,
  Link,
  ObjectKind,
  Outcome,
  Signal,
} from '../../schemas/types.ts'
import { accountAlert } from './account-alert.ts'
import { paginate } from './alert-pages.ts'
import { assessAnchor } from './anchors.ts'
import { type Assessment, assess, exposure } from './assessment.ts'
import { type Cluster, clustersOf } from './clusters.ts'
import { Holdings, LARGE_HOLDERS_MIN, objectKey } from './holdings.ts'
import { alertId, campaignId, succeed } from './identity.ts'
import { KnownAccounts } from './known-accounts.ts'
import { BLOCK_OF } from './object-kinds.ts'
import type { CampaignsSettings } from './settings.ts'

const NOTHING: CampaignState = {
  position: null,
  link: null,
  signal: null,
  anchor: null,
  campaign: null,
  account: null,
  active_accounts: null,
}
const SEPARATOR = '\u0000'
const LARGE_INTERVAL_HOPS_MAX = 60

type CampaignStatus = 'open' | 'updated' | 'closed' | 'merged' | 'withdrawn'

/** Joins links, signals and outcomes into campaigns with an identity of their own, and raises alerts about them. */
export class CampaignsProcessor implements Processor {
  private readonly holdings = new Holdings()
  private readonly anchors = new Map<string, AnchorAssessment>()
  private readonly signals = new Map<string, Map<string, Signal>>()
  private readonly accounts: KnownAccounts
  private readonly campaigns = new Map<string, CampaignEntity>()
  private readonly changes = new Changes()
  private readonly settings: CampaignsSettings
  private readonly config_hash: string
  private active_accounts = 0
  private readonly counts = { links: 0, signals: 0, alerts: 0 }

  constructor(settings: CampaignsSettings, config_hash: string) {
    this.settings = settings
    this.config_hash = config_hash
    this.accounts = new KnownAccounts({
      changes: this.changes,
      keyOf: (account_id) => `account${SEPARATOR}${account_id}`,
      entryOf: (account) => ({ ...NOTHING, account }),
      outcome_ttl_days: settings.outcome_ttl_days,
    })
  }

  process(input: HopInput): Output[] {
    const { erased, hop } = takeErasures(input)
    // Also as stage 1 tells it along the flow: an erasure that came late takes effect there in a later hop than here, and
    // what links and signals said of the account in between must go as well.
    const told = (hop.records.links ?? []).flatMap(({ erased_accounts }) => erased_accounts)
    const erasure = this.erase([...new Set([...erased, ...told])].sort(compareText), hop)
    this.accounts.expire(hop.end_ms)
    const outcomes = this.joinOutcomes(hop.records.outcomes ?? [])
    const touched = new Set([...erasure.touched, ...this.joinLinks(hop)])
    const lapsed = this.lapseSignals(hop.hop)
    const signalled = this.joinSignals(hop)
    for (const key of this.dueAnchors(touched, hop.hop)) this.assessAnchor(key)
    const outputs: Output[] = []
    if (
      touched.size > 0 ||
      signalled.length > 0 ||
      outcomes.size > 0 ||
      erasure.campaigns.size > 0 ||
      this.isRevisionDue(hop.hop)
    ) {
      outputs.push(...this.reviseCampaigns(hop, outcomes, erasure.campaigns))
    }
    const alerts = [
      ...erasure.alerts,
      ...outputs.filter(({ topic }) => topic === 'alerts'),
      ...this.accountAlerts(hop, [...lapsed, ...signalled], outcomes),
    ]
    alerts.sort((a, b) => compareText((a.value as Alert).alert_id, (b.value as Alert).alert_id))
    return [...outputs.filter(({ topic }) => topic !== 'alerts'), ...alerts]
  }

  drainChanges(): ChangelogEntry[] {
    return this.changes.drain()
  }

  restore({ key, value }: ChangelogEntry): void {
    const entry = value as CampaignState | null
    const [kind, ...id] = key.split(SEPARATOR) as [string, ...string[]]
    if (kind === 'population') this.active_accounts = entry?.active_accounts ?? 0
    else if (kind === 'link') this.restoreLink(id, entry?.link ?? null)
    else if (kind === 'signal') this.restoreSignal(id, entry?.signal ?? null)
    else if (kind === 'anchor') restoreInto(this.anchors, id[0]!, entry?.anchor ?? null)
    else if (kind === 'account') this.accounts.restore(id[0]!, entry?.account ?? null)
    else if (kind === 'campaign') restoreInto(this.campaigns, id[0]!, entry?.campaign ?? null)
  }

  restored(): void {
    this.holdings.restored()
    this.accounts.restored()
  }

  counters(): Readonly<Record<string, number>> {
    return { ...this.counts, campaigns: this.campaigns.size, objects: this.holdings.objects.size }
  }

  /**
   * Forgets accounts. Campaigns that they were members of must say so, whatever the interval of their revisions; an alert
   * about an account alone is withdrawn, on the last occasion at which it is named.
   */
  private erase(accounts: readonly string[], hop: HopInput) {
    const erasure = { touched: new Set<string>(), campaigns: new Set<string>(), alerts: [] as Output[] }
    if (accounts.length === 0) return erasure
    for (const account_id of accounts) {
      for (const link of this.holdings.erase(account_id)) {
        if (isAnchor(link)) erasure.touched.add(objectKey(link))
        this.changes.mark(linkKey(link), () => null)
      }
      erasure.alerts.push(...this.withdrawErased(account_id, hop))
      for (const detector of this.signals.get(account_id)?.keys() ?? []) {
        this.changes.mark(signalKey(account_id, detector), () => null)
      }
      this.signals.delete(account_id)
      this.accounts.erase(account_id)
    }
    const gone = new Set(accounts)
    for (const campaign of this.campaigns.values()) {
      const isNamed = namesOf(campaign).some((account_id) => gone.has(account_id))
      if (!isNamed) continue
      campaign.members = campaign.members.filter(({ account_id }) => !gone.has(account_id))
      campaign.named_beyond = campaign.named_beyond.filter((account_id) => !gone.has(account_id))
      erasure.campaigns.add(campaign.campaign_id)
      this.markCampaign(campaign)
    }
    return erasure
  }

  private withdrawErased(account_id: string, hop: HopInput): Output[] {
    const account = this.accounts.get(account_id)
    const [signal] = [...(this.signals.get(account_id)?.values() ?? [])]
      .filter(({ standalone }) => standalone)
      .sort((a, b) => compareText(a.detector, b.detector))
    if (account?.alert_id == null || !signal) return []
    const { alert_id } = account
    this.counts.alerts++
    const revision = account.alert_revision + 1
    const value = accountAlert(signal, hop, { alert_id, revision, status: 'withdrawn', config_hash: this.config_hash })
    return [{ topic: 'alerts', key: account_id, partition: 0, value }]
  }

  /** Returns the accounts that something was decided about. */
  private joinOutcomes(outcomes: readonly Outcome[]): Set<string> {
    const sorted = [...outcomes].sort(
      (a, b) =>
        a.event_time_ms - b.event_time_ms ||
        compareText(a.account_id, b.account_id) ||
        compareText(a.outcome, b.outcome),
    )
    for (const { account_id, outcome, event_time_ms } of sorted) {
      this.accounts.update(account_id, { outcome, outcome_ms: event_time_ms })
    }
    return new Set(sorted.map(({ account_id }) => account_id))
  }

  /** Adds the hop's links; returns the payload objects whose joint holdings may have changed. */
  private joinLinks(hop: HopInput): Set<string> {
    const batches = hop.records.links ?? []
    const population = Math.max(0, ...batches.map(({ active_accounts }) => active_accounts))
    if (population !== this.active_accounts) {
      this.active_accounts = population
      this.changes.mark('population', () => ({ ...NOTHING, active_accounts: this.active_accounts }))
    }
    const touched = new Set<string>()
    const touch = (link: Link) => {
      if (isAnchor(link)) touched.add(objectKey(link))
      else for (const held of this.holdings.of(link.account_id)) if (isAnchor(held)) touched.add(objectKey(held))
    }
    for (const link of this.holdings.expire(hop.end_ms)) {
      touch(link)
      this.changes.mark(linkKey(link), () => null)
    }
    const links = batches.flatMap((batch) => batch.links).sort(compareByObject)
    this.counts.links += links.length
    for (const link of links) {
      if (this.holdings.add(link)) touch(link)
      this.changes.mark(linkKey(link), () => ({ ...NOTHING, link }))
    }
    return touched
  }

  /** Forgets the hits that were last said too long ago to count, and returns them: an alert may rest on one. */
  private lapseSignals(hop: number): Signal[] {
    const lapsed: Signal[] = []
    for (const own of this.signals.values()) {
      for (const signal of own.values()) if (hop - signal.hop > this.settings.signal_ttl_hops) lapsed.push(signal)
    }
    for (const { account_id, detector } of lapsed) {
      const own = this.signals.get(account_id)
      own?.delete(detector)
      if (own?.size === 0) this.signals.delete(account_id)
      this.changes.mark(signalKey(account_id, detector), () => null)
    }
    return lapsed.sort(compareSignals)
  }

  private joinSignals(hop: HopInput): Signal[] {
    const all = hop.records.signals ?? []
    this.counts.signals += all.length
    // A detector that failed has said nothing about the account: what it said before stands until it lapses.
    const signals = all.filter(({ outcome }) => outcome !== 'error').sort(compareSignals)
    for (const signal of signals) {
      const kept = signal.outcome === 'hit' && !signal.shadow
      const own = this.signals.get(signal.account_id) ?? new Map<string, Signal>()
      this.signals.set(signal.account_id, own)
      if (kept) own.set(signal.detector, signal)
      // What an exact rule has found stays found until it lapses, or the alert would open and close with the panes of a window.
      else if (signal.standalone && own.has(signal.detector)) continue
      else own.delete(signal.detector)
      if (own.size === 0) this.signals.delete(signal.account_id)
      const key = signalKey(signal.account_id, signal.detector)
      this.changes.mark(key, () => (kept ? { ...NOTHING, signal } : null))
    }
    return signals
  }

  /**
   * Small anchors at every change; large ones, a popular framework's prompt say, once in as many hops as they have
   * five hundreds of holders, an hour at the most: one more holder among thousands changes nothing, and looking costs a
   * walk over all of them. The schedule is a function of the hop, so that a restart keeps it.
   */
  private dueAnchors(touched: ReadonlySet<string>, hop: number): string[] {
    const { large, objects } = this.holdings
    const due = [...touched].filter((key) => !large.has(key))
    for (const key of large) {
      const object = objects.get(key)!
      if (!isAnchor(object)) continue
      const interval_hops = Math.min(LARGE_INTERVAL_HOPS_MAX, Math.ceil(object.holders.size / LARGE_HOLDERS_MIN))
      if ((hop + object.object) % interval_hops === 0) due.push(key)
    }
    return due.sort(compareText)
  }

  private assessAnchor(key: string): void {
    const object = this.holdings.objects.get(key)
    const isWorthwhile = object && object.holders.size >= this.settings.organisations_min
    const assessment = isWorthwhile
      ? assessAnchor(object, this.holdings, this.active_accounts, this.settings, this.anchors.get(key) ?? null)
      : null
    if (assessment === null && !this.anchors.has(key)) return
    if (assessment) this.anchors.set(key, assessment)
    else this.anchors.delete(key)
    this.changes.mark(`anchor${SEPARATOR}${key}`, () => (assessment ? { ...NOTHING, anchor: assessment } : null))
  }

  private reviseCampaigns(hop: HopInput, decided: ReadonlySet<string>, erased: ReadonlySet<string>): Output[] {
    const anchors = [...this.anchors.values()].sort((a, b) => compareText(a.kind, b.kind) || a.object - b.object)
    const judged = new Map<Cluster, Assessment>()
    for (const cluster of clustersOf(anchors, this.holdings, this.settings.members_max)) {
      const assessment = assess(
        cluster,
        this.holdings,
        this.knowledge(hop.hop),
        this.active_accounts,
        hop.end_ms,
        this.settings,
      )
      if (assessment) judged.set(cluster, assessment)
    }
    const known = [...this.campaigns.values()]
      .sort((a, b) => compareText(a.campaign_id, b.campaign_id))
      .map((campaign) => ({ ...campaign, members: new Set(campaign.members.map(({ account_id }) => account_id)) }))
    const succession = succeed([...judged.keys()], known)
    const outputs: Output[] = []
    for (const { campaign_id, cluster } of succession.continued) {
      const mustSpeak = erased.has(campaign_id)
      const campaign = this.campaigns.get(campaign_id)!
      outputs.push(...this.revise(campaign, cluster, judged.get(cluster)!, hop, decided, mustSpeak))
    }
    for (const { cluster, split_from } of succession.founded) {
      outputs.push(
        ...this.revise(
          this.found(hop.hop, cluster, split_from === null ? null : (this.campaigns.get(split_from)?.alert_id ?? null)),
          cluster,
          judged.get(cluster)!,
          hop,
          decided,
          false,
        ),
      )
    }
    for (const { campaign_id, into } of succession.merged) outputs.push(...this.end(campaign_id, 'merged', into, hop))
    for (const campaign_id of succession.ended)
      outputs.push(...this.end(campaign_id, this.endStatus(campaign_id), null, hop))
    return outputs
  }

  private found(hop: number, cluster: Cluster, split_from: string | null): CampaignEntity {
    const campaign_id = campaignId(hop, cluster)
    const campaign: CampaignEntity = {
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
    this.campaigns.set(campaign_id, campaign)
    return campaign
  }

  private revise(
    campaign: CampaignEntity,
    cluster: Cluster,
    assessment: Assessment,
    hop: HopInput,
    decided: ReadonlySet<string>,
    mustSpeak: boolean,
  ): Output[] {
    const joined = new Map(campaign.members.map(({ account_id, joined_hop }) => [account_id, joined_hop]))
    const members = cluster.accounts.map((account_id) => ({
      account_id,
      joined_hop: joined.get(account_id) ?? hop.hop,
    }))
    const sameMembers =
      members.length === campaign.members.length && members.every(({ account_id }) => joined.has(account_id))
    const named = namesOf(campaign)
    campaign.members = members
    campaign.named_beyond = beyond(named, members)
    const acquits = cluster.accounts.some(
      (account_id) => decided.has(account_id) && this.accounts.isCleared(account_id),
    )
    const speaks =
      mustSpeak ||
      this.isNews(campaign, assessment, hop.hop) ||
      (acquits && campaign.alert_accounts > 0) ||
      campaign.named_beyond.length > this.settings.members_max
    const outputs: Output[] = []
    if (speaks) {
      campaign.revision++
      campaign.status = campaign.revision === 1 ? 'open' : 'updated'
      campaign.alert_hop = hop.hop
      campaign.alert_accounts = assessment.accused.length
      campaign.severity = assessment.severity
      campaign.named_beyond = beyond(
        [...assessment.accused, ...assessment.related].map(({ account_id }) => account_id),
        members,
      )
      outputs.push(...this.alertPages(campaign, assessment, hop))
    }
    if (!sameMembers || speaks) {
      this.markCampaign(campaign)
      outputs.push(this.campaignRecord(campaign, assessment, hop.hop))
    }
    return outputs
  }

  /** A revision is due when the accused have grown by a fifth or the severity has changed, at most hourly; a withdrawal at once. */
  private isNews(campaign: CampaignEntity, { accused, severity }: Assessment, hop: number): boolean {
    if (campaign.revision === 0) return true
    if (severity === campaign.severity && accused.length < campaign.alert_accounts) return true
    if (hop - campaign.alert_hop < this.settings.revision_interval_hops) return false
    return (
      severity !== campaign.severity ||
      accused.length >= Math.max(1, campaign.alert_accounts) * this.settings.revision_growth_ratio
    )
  }

  private isRevisionDue(hop: number): boolean {
    for (const { alert_hop } of this.campaigns.values()) {
      if (hop - alert_hop === this.settings.revision_interval_hops) return true
    }
    return false
  }

  private end(campaign_id: string, status: CampaignStatus, into: string | null, hop: HopInput): Output[] {
    const campaign = this.campaigns.get(campaign_id)!
    this.campaigns.delete(campaign_id)
    this.changes.mark(`campaign${SEPARATOR}${campaign_id}`, () => null)
    campaign.revision++
    campaign.status = status
    campaign.merged_into = into === null ? null : this.campaigns.get(into)!.alert_id
    campaign.members = []
    campaign.named_beyond = []
    const nobody: Assessment = {
      accused: [],
      related: [],
      score: 0,
      severity: 'low',
      recommended_action: 'observe',
      objectives: [],
      evidence: [],
      exposure: { ...exposure([]), first_seen_ms: hop.end_ms, last_seen_ms: hop.end_ms },
      blast_radius: { accounts: 0, organisations: 0, paying_share: 0, median_tenure_days: 0 },
      objects: [],
    }
    return [...this.alertPages(campaign, nobody, hop), this.campaignRecord(campaign, nobody, hop.hop)]
  }

  /** A campaign ends as withdrawn when its members were cleared, as closed when they went quiet. */
  private endStatus(campaign_id: string): CampaignStatus {
    const members = this.campaigns.get(campaign_id)!.members
    const cleared = members.filter(({ account_id }) => this.accounts.isCleared(account_id)).length
    return cleared * 2 >= members.length ? 'withdrawn' : 'closed'
  }

  private alertPages(campaign: CampaignEntity, assessment: Assessment, hop: HopInput): Output[] {
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
      config_hash: this.config_hash,
    }
    this.counts.alerts++
    return paginate(alert).map((value) => ({ topic: 'alerts', key: campaign.campaign_id, partition: 0, value }))
  }

  private campaignRecord(campaign: CampaignEntity, assessment: Assessment, hop: number): Output {
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
          const org_id = account?.org_id ?? this.holdings.context(account_id)?.org_id ?? account_id
          return { account_id, org_id, joined_hop, score: account?.score ?? 0, reasons: account?.reasons ?? [] }
        }),
        objects: assessment.objects,
        score: assessment.score,
        severity: assessment.severity,
      },
    }
  }

  private accountAlerts(hop: HopInput, signalled: readonly Signal[], decided: ReadonlySet<string>): Output[] {
    const said = new Map(
      signalled.filter(({ standalone, shadow }) => standalone && !shadow).map((s) => [s.account_id, s]),
    )
    const concerned = [...new Set([...said.keys(), ...decided])].sort(compareText)
    return concerned.flatMap((account_id): Output[] => {
      // One rule that no longer hits does not speak for another that still does.
      const hits = this.knowledge(hop.hop)
        .hits(account_id)
        .filter(({ standalone }) => standalone)
      const signal = hits[0] ?? said.get(account_id)
      if (!signal) return []
      const account = this.accounts.get(signal.account_id)
      const isOpen = account?.alert_id != null
      const isHit = hits.length > 0 && !signal.context.exempt && !this.accounts.isCleared(account_id)
      if (isHit === isOpen) return []
      const alert_id = account?.alert_id ?? alertId('account', signal.account_id, hop.hop)
      const alert_revision = isHit ? 1 : (account?.alert_revision ?? 0) + 1
      const status = isHit ? 'open' : this.accounts.isCleared(signal.account_id) ? 'withdrawn' : 'closed'
      this.accounts.update(signal.account_id, { alert_id: isHit ? alert_id : null, alert_revision })
      this.counts.alerts++
      const value = accountAlert(signal, hop, {
        alert_id,
        revision: alert_revision,
        status,
        config_hash: this.config_hash,
      })
      return [{ topic: 'alerts', key: signal.account_id, partition: 0, value }]
    })
  }

  private knowledge(hop: number) {
    return {
      hits: (account_id: string) =>
        [...(this.signals.get(account_id)?.values() ?? [])]
          .filter((signal) => hop - signal.hop <= this.settings.signal_ttl_hops)
          .sort((a, b) => compareText(a.detector, b.detector)),
      isCleared: (account_id: string) => this.accounts.isCleared(account_id),
    }
  }

  private markCampaign(campaign: CampaignEntity): void {
    this.changes.mark(`campaign${SEPARATOR}${campaign.campaign_id}`, () => ({ ...NOTHING, campaign: { ...campaign } }))
  }

  private restoreLink(id: readonly string[], link: Link | null): void {
    const before = this.holdings.link(id[1]!, id[0]!)
    if (link) this.holdings.add(link)
    else if (before) this.holdings.remove(before)
  }

  private restoreSignal([account_id, detector]: readonly string[], signal: Signal | null): void {
    const own = this.signals.get(account_id!) ?? new Map<string, Signal>()
    if (signal) this.signals.set(account_id!, own.set(detector!, signal))
    else own.delete(detector!)
    if (own.size === 0) this.signals.delete(account_id!)
  }
}

/** Every account that a campaign's state or its last alert revision names. */
function namesOf({ members, named_beyond }: CampaignEntity): string[] {
  return [...members.map(({ account_id }) => account_id), ...named_beyond]
}

function beyond(names: readonly string[], members: readonly { readonly account_id: string }[]): string[] {
  const known = new Set(members.map(({ account_id }) => account_id))
  return names.filter((account_id) => !known.has(account_id))
}

function isAnchor({ kind }: { readonly kind: ObjectKind }): boolean {
  return BLOCK_OF[kind] === 'payload'
}

function compareSignals(a: Signal, b: Signal): number {
  return compareText(a.account_id, b.account_id) || compareText(a.detector, b.detector)
}

function signalKey(account_id: string, detector: string): string {
  return ['signal', account_id, detector].join(SEPARATOR)
}

function linkKey(link: Link): string {
  return ['link', objectKey(link), link.account_id].join(SEPARATOR)
}

function restoreInto<Value>(map: Map<string, Value>, key: string, value: Value | null): void {
  if (value === null) map.delete(key)
  else map.set(key, value)
}
