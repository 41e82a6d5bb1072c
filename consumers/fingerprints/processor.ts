import { idHash, RecentIds } from '../../lib/sketch/recent-ids.ts'
import { Changes } from '../../lib/stream/changes.ts'
import { Expiry } from '../../lib/stream/expiry.ts'
import { compareByObject, compareText } from '../../lib/stream/order.ts'
import type { ChangelogEntry, HopInput, Output, Processor, TaskContext } from '../../lib/stream/processor.ts'
import { slices } from '../../lib/stream/slices.ts'
import type { Account, FingerprintState, Outcome, Sighting } from '../../schemas/types.ts'
import { type AccountState, factsOf, headOf, newAccount } from './account.ts'
import { decodePane, encodePane, type Pane, paneOf } from './pane.ts'
import type { Tier } from './pane-rings.ts'
import type { SeenRequest } from './request-fields.ts'
import type { FingerprintsSettings } from './settings.ts'
import { sightingsOf } from './sightings.ts'
import { profileOf, snapshotReason, takeSnapshot } from './snapshot.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const NOTHING: FingerprintState = { position: null, head: null, pane: null, event_ids: null }
// NUL can't stand in an id that passed the intake, so keys of different accounts never meet.
const SEPARATOR = '\u0000'
const HEAD = 'head'
// 8 bytes each: 400 kB, well below the megabyte that a broker takes in one piece. A hop at 5,000 requests/s has six of these.
const IDS_PER_ENTRY_MAX = 50_000
// About 100 bytes each: 200 kB.
const SIGHTINGS_PER_RECORD_MAX = 2_000
const IDS_PREFIX = `${SEPARATOR}ids${SEPARATOR}`

/** The requests of one account in one hop, and those of them that came late. */
interface AccountRequests {
  readonly requests: readonly SeenRequest[]
  readonly late: ReadonlySet<SeenRequest>
}

/** Turns the requests of one partition into fingerprints of its accounts, and into sightings of what they share. */
export class FingerprintsProcessor implements Processor {
  private readonly accounts = new Map<string, AccountState>()
  private readonly changes = new Changes()
  private readonly expiry = new Expiry<string>(HOUR_MS)
  private readonly recentIds: RecentIds
  private readonly context: TaskContext
  private readonly settings: FingerprintsSettings
  private active = 0
  private readonly counts = { requests: 0, repeats: 0, late: 0, snapshots: 0, sightings: 0, evicted_accounts: 0 }

  constructor(context: TaskContext, settings: FingerprintsSettings) {
    this.context = context
    this.settings = settings
    this.recentIds = new RecentIds(settings.event_id_hops)
  }

  process(hop: HopInput): Output[] {
    const lifecycle = this.join(hop.records.accounts ?? [], hop.records.outcomes ?? [])
    const places = hop.records.requests?.byAccount() ?? new Map<string, readonly number[]>()
    const outputs: Output[] = []
    const sightings: Sighting[] = []
    const ids: number[] = []
    this.counts.late += hop.late.size
    for (const account_id of [...new Set([...lifecycle, ...places.keys()])].sort(compareText)) {
      const { requests: own, late } = this.requestsOf(hop, places.get(account_id) ?? [], ids)
      const state = this.accountOf(account_id, 0)
      const { org_id } = state
      const pane = own.length > 0 ? this.addPane(state, hop, own, late) : null
      const seen = own.length > 0 ? sightingsOf(state, hop.hop, hop.end_ms, own, this.settings) : []
      sightings.push(...seen)
      const reason = snapshotReason(state, hop.hop, pane, lifecycle.has(account_id), this.settings)
      if (reason !== null) {
        const value = takeSnapshot(state, hop.hop, hop.end_ms, this.context.hop_ms, reason)
        outputs.push({ topic: 'fingerprints', key: account_id, partition: this.context.task, value })
        const profile = pane === null ? (state.snapshot?.profile ?? 0) : profileOf(pane)
        state.snapshot = { hop: hop.hop, requests: state.requests, profile }
        this.counts.snapshots++
      }
      const isChanged = seen.length > 0 || lifecycle.has(account_id) || state.org_id !== org_id
      if (reason !== null || isChanged) this.markHead(state)
    }
    this.markIds(hop.hop, ids)
    this.evict(hop.end_ms)
    return [...outputs, ...this.batches(hop.hop, sightings)]
  }

  drainChanges(): ChangelogEntry[] {
    return this.changes.drain()
  }

  restore({ key, value }: ChangelogEntry): void {
    const entry = value as FingerprintState | null
    if (key.startsWith(IDS_PREFIX)) {
      if (entry?.event_ids) this.restoreIds(entry.event_ids)
      return
    }
    const [account_id, slot] = key.split(SEPARATOR) as [string, string]
    if (slot === HEAD) this.restoreHead(account_id, entry)
    else this.restorePane(account_id, slot, entry)
  }

  restored(): void {
    for (const state of this.accounts.values()) {
      this.restoreTotals(state)
      if (state.requests === 0) continue
      this.active++
      this.expiry.schedule(state.account_id, this.expires_ms(state))
    }
  }

  counters(): Readonly<Record<string, number>> {
    return { ...this.counts, accounts: this.accounts.size }
  }

  /** Joins account records and outcomes; returns the accounts they changed. */
  private join(accounts: readonly Account[], outcomes: readonly Outcome[]): Set<string> {
    const touched = new Set<string>()
    for (const account of accounts) {
      const state = this.accountOf(account.account_id, account.event_time_ms)
      if (state.facts !== null && state.facts.event_time_ms > account.event_time_ms) continue
      state.facts = factsOf(account)
      touched.add(account.account_id)
    }
    for (const outcome of outcomes) {
      this.accountOf(outcome.account_id, outcome.event_time_ms).status = outcome.outcome
      touched.add(outcome.account_id)
    }
    return touched
  }

  /** The requests in some places of a hop, in canonical order and repeats dropped; adds the ids of those left to `ids`. */
  private requestsOf(hop: HopInput, places: readonly number[], ids: number[]): AccountRequests {
    const late = new Set<SeenRequest>()
    const all = places.map((place): SeenRequest => {
      const request = hop.records.requests!.at(place)!
      if (hop.late.has(place)) late.add(request)
      return request
    })
    if (all.length > 1) all.sort(compareRequests)
    const requests = all.filter(({ account_id, event_id }) => {
      const id = idHash(`${account_id}${SEPARATOR}${event_id}`)
      const isNew = this.recentIds.add(id, hop.hop)
      if (isNew) ids.push(id)
      return isNew
    })
    this.counts.requests += requests.length
    this.counts.repeats += all.length - requests.length
    return { requests, late }
  }

  private markIds(hop: number, ids: readonly number[]): void {
    // The slot of a hop is used again when its ids have expired, so the changelog keeps no more of them than memory.
    const slot = hop % this.settings.event_id_hops
    for (let from = 0; from < ids.length; from += IDS_PER_ENTRY_MAX) {
      const event_ids = encodeIds(hop, ids.slice(from, from + IDS_PER_ENTRY_MAX))
      this.changes.mark(`${IDS_PREFIX}${slot}${SEPARATOR}${from}`, () => ({ ...NOTHING, event_ids }))
    }
  }

  private addPane(
    state: AccountState,
    hop: HopInput,
    requests: readonly SeenRequest[],
    late: ReadonlySet<SeenRequest>,
  ): Pane {
    const isFirst = state.requests === 0
    if (isFirst) {
      this.active++
      this.expiry.schedule(state.account_id, this.expires_ms(state))
      state.first_seen_ms = requests.reduce((first, { event_time_ms }) => Math.min(first, event_time_ms), hop.end_ms)
    }
    if (state.facts === null) state.org_id = requests.find(({ org_id }) => org_id !== null)?.org_id ?? state.org_id
    const pane = paneOf(hop.hop, requests, late, state)
    state.requests = pane.requests_total
    state.output_tokens = pane.output_tokens_total
    state.last_seen_ms = pane.last_seen_ms
    state.rings.add(pane, (tier, slot) => this.markPane(state, tier, slot))
    return pane
  }

  private accountOf(account_id: string, time_ms: number): AccountState {
    const known = this.accounts.get(account_id)
    if (known) return known
    const state = newAccount(account_id)
    state.last_seen_ms = time_ms
    this.accounts.set(account_id, state)
    return state
  }

  /** One record per destination partition, an empty one included; more only where one would be too large for a broker. */
  private batches(hop: number, sightings: Sighting[]): Output[] {
    this.counts.sightings += sightings.length
    const { partitions } = this.context
    const groups = Array.from({ length: partitions }, (): Sighting[] => [])
    for (const sighting of sightings.sort(compareByObject)) groups[sighting.object % partitions]!.push(sighting)
    return groups.flatMap((group, partition) =>
      slices(group, SIGHTINGS_PER_RECORD_MAX).map((slice, index) => ({
        topic: 'sightings' as const,
        key: `${this.context.task}`,
        partition,
        // Said once per hop: readers add up what the tasks say.
        value: { hop, active_accounts: index === 0 ? this.active : 0, sightings: slice },
      })),
    )
  }

  private expires_ms(state: AccountState): number {
    return state.last_seen_ms + this.settings.account_ttl_days * DAY_MS
  }

  private evict(now_ms: number): void {
    const expired = this.expiry.take(now_ms, (account_id) => {
      const state = this.accounts.get(account_id)
      return state ? this.expires_ms(state) : null
    })
    for (const account_id of expired) this.forgetActivity(account_id)
    if (this.accounts.size <= this.settings.accounts_max) return
    const byAge = [...this.accounts.values()].sort(
      (a, b) => a.last_seen_ms - b.last_seen_ms || compareText(a.account_id, b.account_id),
    )
    // A tenth of a percent more than needed, so that a full table is not sorted in every hop.
    const count = this.accounts.size - this.settings.accounts_max + Math.floor(this.settings.accounts_max / 1000)
    for (const { account_id } of byAge.slice(0, count)) this.forget(account_id)
  }

  private forget(account_id: string): void {
    const state = this.accounts.get(account_id)
    if (!state) return
    this.accounts.delete(account_id)
    if (state.requests > 0) this.active--
    this.counts.evicted_accounts++
    this.changes.mark(headKey(account_id), () => null)
    for (const { tier, slot } of state.rings.slots()) this.changes.mark(paneKey(account_id, tier, slot), () => null)
  }

  /** What an account did expires; what its record says stays, because the accounts topic won't say it again. */
  private forgetActivity(account_id: string): void {
    const state = this.accounts.get(account_id)
    this.forget(account_id)
    if (!state?.facts) return
    const kept = this.accountOf(account_id, state.last_seen_ms)
    kept.facts = state.facts
    kept.status = state.status
    this.markHead(kept)
  }

  private markHead(state: AccountState): void {
    this.changes.mark(headKey(state.account_id), () => ({ ...NOTHING, head: headOf(state) }))
  }

  private markPane(state: AccountState, tier: Tier, slot: number): void {
    this.changes.mark(paneKey(state.account_id, tier, slot), () => {
      const pane = state.rings.slot(tier, slot)
      return pane ? { ...NOTHING, pane: encodePane(pane) } : null
    })
  }

  private restoreHead(account_id: string, entry: FingerprintState | null): void {
    const state = this.accountOf(account_id, 0)
    Object.assign(state, entry?.head ?? headOf(newAccount(account_id)))
  }

  /**
   * A pane written after the head carries newer totals. Looked at when every entry is in, because a changelog that is not
   * compacted holds panes of an account that was forgotten since.
   */
  private restoreTotals(state: AccountState): void {
    const slots = state.rings.slots()
    if (slots.length === 0 && state.facts === null && state.status === null && state.snapshot === null) {
      this.accounts.delete(state.account_id)
    }
    for (const { tier, slot } of slots) {
      const pane = state.rings.slot(tier, slot)
      if (!pane) continue
      state.requests = Math.max(state.requests, pane.requests_total)
      state.output_tokens = Math.max(state.output_tokens, pane.output_tokens_total)
      state.last_seen_ms = Math.max(state.last_seen_ms, pane.last_seen_ms)
    }
  }

  private restorePane(account_id: string, name: string, entry: FingerprintState | null): void {
    const dash = name.indexOf('-')
    const tier = name.slice(0, dash) as Tier
    const slot = Number(name.slice(dash + 1))
    if (!entry?.pane) {
      this.accounts.get(account_id)?.rings.clear(tier, slot)
      return
    }
    this.accountOf(account_id, 0).rings.restore(tier, slot, decodePane(entry.pane))
  }

  private restoreIds(bytes: Buffer): void {
    const hop = bytes.readDoubleBE(0)
    for (let at = 8; at < bytes.length; at += 8) this.recentIds.add(bytes.readDoubleBE(at), hop)
  }
}

// Repeats of an event id within one hop: the earliest counts; the other fields only make the choice the same everywhere.
function compareRequests(a: SeenRequest, b: SeenRequest): number {
  return (
    compareText(a.account_id, b.account_id) ||
    compareText(a.event_id, b.event_id) ||
    a.end_time_ms - b.end_time_ms ||
    a.event_time_ms - b.event_time_ms ||
    a.usage.output_tokens - b.usage.output_tokens ||
    a.usage.input_tokens - b.usage.input_tokens ||
    a.response.status - b.response.status
  )
}

function headKey(account_id: string): string {
  return `${account_id}${SEPARATOR}${HEAD}`
}

function paneKey(account_id: string, tier: Tier, slot: number): string {
  return `${account_id}${SEPARATOR}${tier}-${slot}`
}

function encodeIds(hop: number, ids: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(8 * (ids.length + 1))
  bytes.writeDoubleBE(hop, 0)
  ids.forEach((id, index) => {
    bytes.writeDoubleBE(id, 8 * (index + 1))
  })
  return bytes
}
