import { Changes } from '../../lib/stream/changes.ts'
import { takeErasures } from '../../lib/stream/erasure.ts'
import { compareByObject, compareText } from '../../lib/stream/order.ts'
import type { ChangelogEntry, HopInput, Output, Processor, TaskContext } from '../../lib/stream/processor.ts'
import type { Alert, CampaignState, Link, Outcome } from '../../schemas/types.ts'
import { AccountAlerts } from './account-alerts.ts'
import { assessAnchor } from './anchors.ts'
import { CampaignRegister } from './campaign-register.ts'
import { Components } from './components.ts'
import { dueAnchors } from './due-anchors.ts'
import { Holdings, objectKey } from './holdings.ts'
import { KnownAccounts } from './known-accounts.ts'
import { isAnchor } from './object-kinds.ts'
import { type CampaignsSettings, intervalsOf } from './settings.ts'
import { StandingHits } from './standing-hits.ts'
import { entryKey, entryOf, linkEntryKey, readEntryKey } from './state-entries.ts'

/**
 * Joins links, signals and outcomes into campaigns with an identity of their own, and raises alerts about them. The work of
 * a hop follows what changed in it: anchors that were touched, components of these and of the accounts that were heard of.
 */
export class CampaignsProcessor implements Processor {
  private readonly changes = new Changes()
  private readonly holdings = new Holdings((link) => this.components.lose(link.account_id, objectKey(link)))
  private readonly components: Components = new Components(this.holdings)
  private readonly accounts: KnownAccounts
  private readonly hits: StandingHits
  private readonly register: CampaignRegister
  private readonly accountAlerts: AccountAlerts
  private readonly context: TaskContext
  private readonly settings: CampaignsSettings
  private active_accounts = 0
  private readonly counts = { links: 0, signals: 0 }

  constructor(context: TaskContext, settings: CampaignsSettings, config_hash: string) {
    const { changes, components } = this
    const intervals = intervalsOf(settings, context.hop_ms)
    this.context = context
    this.settings = settings
    this.accounts = new KnownAccounts({
      changes,
      keyOf: (account_id) => entryKey('account', account_id),
      entryOf: (account) => entryOf({ account }),
      outcome_ttl_days: settings.outcome_ttl_days,
    })
    this.hits = new StandingHits(changes, intervals.signal_ttl_hops)
    const isCleared = (account_id: string) => this.accounts.isCleared(account_id)
    this.register = new CampaignRegister({ changes, components, isCleared, settings, intervals, config_hash })
    this.accountAlerts = new AccountAlerts({ accounts: this.accounts, hits: this.hits, config_hash })
  }

  process(input: HopInput): Output[] {
    const { erased: asked, hop } = takeErasures(input)
    // Also as stage 1 tells it along the flow: an erasure that came late takes effect there in a later hop than here, and
    // what links and signals said of the account in between must go as well.
    const told = (hop.records.links ?? []).flatMap(({ erased_accounts }) => erased_accounts)
    const erasure = this.erase(new Set([...new Set([...asked, ...told])].sort(compareText)), hop)
    for (const account_id of this.accounts.expire(hop.end_ms)) this.components.doubt(account_id)
    const decided = this.joinOutcomes(hop.records.outcomes ?? [])
    const touched = new Set([...erasure.touched, ...this.joinLinks(hop)])
    const lapsed = this.hits.lapse(hop.hop)
    const signalled = this.hits.join(hop.records.signals ?? [])
    this.counts.signals += hop.records.signals?.length ?? 0
    for (const key of dueAnchors(touched, this.holdings, hop.hop, this.context.hop_ms)) this.assessAnchor(key)
    this.components.settle()
    const isOccasion =
      touched.size > 0 ||
      signalled.length > 0 ||
      decided.size > 0 ||
      erasure.campaigns.size > 0 ||
      this.register.isRevisionDue(hop.hop)
    const outputs = isOccasion ? this.reviseCampaigns(hop, decided, erasure.campaigns) : []
    const alerts = [
      ...erasure.alerts,
      ...outputs.filter(({ topic }) => topic === 'alerts'),
      ...this.accountAlerts.revise(hop, [...lapsed, ...signalled], decided),
    ]
    alerts.sort((a, b) => compareText((a.value as Alert).alert_id, (b.value as Alert).alert_id))
    return [...outputs.filter(({ topic }) => topic !== 'alerts'), ...alerts]
  }

  drainChanges(): ChangelogEntry[] {
    return this.changes.drain()
  }

  restore({ key, value }: ChangelogEntry): void {
    const entry = value as CampaignState | null
    const { kind, id } = readEntryKey(key)
    const [first, second] = id as [string, string]
    if (kind === 'population') this.active_accounts = entry?.active_accounts ?? 0
    else if (kind === 'link') this.restoreLink(second, first, entry?.link ?? null)
    else if (kind === 'signal') this.hits.restore(first, second, entry?.signal ?? null)
    else if (kind === 'anchor') this.components.assess(first, entry?.anchor ?? null)
    else if (kind === 'account') this.accounts.restore(first, entry?.account ?? null)
    else if (kind === 'campaign') this.register.restore(first, entry?.campaign ?? null)
  }

  /** Components and judgements are no state: they are made anew of what was restored. */
  restored(): void {
    this.holdings.restored()
    this.accounts.restored()
    this.hits.restored()
    this.components.settle()
  }

  counters(): Readonly<Record<string, number>> {
    const alerts = this.register.revisions + this.accountAlerts.revisions
    return { ...this.counts, alerts, campaigns: this.register.size, objects: this.holdings.objects.size }
  }

  /**
   * Forgets accounts. Campaigns that they were members of must say so, whatever the interval of their revisions; an alert
   * about an account alone is withdrawn, on the last occasion at which it is named.
   */
  private erase(accounts: ReadonlySet<string>, hop: HopInput) {
    const touched = new Set<string>()
    const alerts: Output[] = []
    for (const account_id of accounts) {
      for (const link of this.holdings.erase(account_id)) {
        if (isAnchor(link.kind)) touched.add(objectKey(link))
        this.changes.mark(linkEntryKey(link), () => null)
      }
      alerts.push(...this.accountAlerts.withdraw(account_id, hop))
      this.hits.erase(account_id)
      this.accounts.erase(account_id)
    }
    return { touched, alerts, campaigns: this.register.erase(accounts) }
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
      this.components.doubt(account_id)
    }
    return new Set(sorted.map(({ account_id }) => account_id))
  }

  /** Adds the hop's links; returns the payload objects whose joint holdings may have changed. */
  private joinLinks(hop: HopInput): Set<string> {
    const batches = hop.records.links ?? []
    const population = Math.max(0, ...batches.map(({ active_accounts }) => active_accounts))
    if (population !== this.active_accounts) {
      this.active_accounts = population
      this.changes.mark(entryKey('population'), () => entryOf({ active_accounts: this.active_accounts }))
    }
    const touched = new Set<string>()
    const touch = (link: Link) => {
      if (isAnchor(link.kind)) touched.add(objectKey(link))
      else for (const { key } of this.holdings.holder(link.account_id).anchors.keys()) touched.add(key)
    }
    for (const link of this.holdings.expire(hop.end_ms)) {
      touch(link)
      this.changes.mark(linkEntryKey(link), () => null)
    }
    const links = batches.flatMap((batch) => batch.links).sort(compareByObject)
    this.counts.links += links.length
    for (const link of links) {
      if (this.holdings.add(link)) {
        touch(link)
        this.components.gain(link.account_id)
      }
      // Its context may be new, and with it what is said of the account.
      this.components.doubt(link.account_id)
      this.changes.mark(linkEntryKey(link), () => entryOf({ link }))
    }
    return touched
  }

  private assessAnchor(key: string): void {
    const object = this.holdings.objects.get(key)
    const before = this.components.anchor(key)
    const isWorthwhile = object && object.holders.size >= this.settings.organisations_min
    const assessment = isWorthwhile
      ? assessAnchor(object, this.holdings, this.active_accounts, this.settings, before?.ties ?? null)
      : null
    if (assessment === null && before === null) return
    this.components.assess(key, assessment)
    this.changes.mark(entryKey('anchor', key), () => (assessment ? entryOf({ anchor: assessment }) : null))
  }

  private reviseCampaigns(hop: HopInput, decided: ReadonlySet<string>, erased: ReadonlySet<string>): Output[] {
    const knowledge = {
      holdings: this.holdings,
      hitsOf: (account_id: string) => this.hits.of(account_id, hop.hop),
      population: this.active_accounts,
      end_ms: hop.end_ms,
      related_max: this.settings.related_max,
    }
    return this.register.revise({ hop, knowledge, decided, erased })
  }

  private restoreLink(account_id: string, key: string, link: Link | null): void {
    const before = this.holdings.link(account_id, key)
    if (link) this.holdings.add(link)
    else if (before) this.holdings.remove(before)
  }
}
