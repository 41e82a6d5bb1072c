import { StateFormUnknown } from '../../lib/ops/errors.ts'
import { idHash, RecentIds } from '../../lib/sketch/recent-ids.ts'
import { Changes } from '../../lib/stream/changes.ts'
import { takeErasures } from '../../lib/stream/erasure.ts'
import { compareText } from '../../lib/stream/order.ts'
import type { ChangelogEntry, HopInput, Output, Processor, TaskContext } from '../../lib/stream/processor.ts'
import type { FingerprintState } from '../../schemas/types.ts'
import { type AccountState, factsOf, newAccount } from './account.ts'
import { AccountTable } from './account-table.ts'
import { ByteReader } from './bytes.ts'
import { erasedFingerprint } from './erased-fingerprint.ts'
import { HeadLog } from './head-log.ts'
import { readTotals } from './packed-pane.ts'
import { type Pane, PaneSum, paneOf } from './pane.ts'
import { PaneBlock } from './pane-block.ts'
import { paneLadder, type Tier } from './pane-ladder.ts'
import { type PaneOwner, PaneRings } from './pane-rings.ts'
import type { SeenRequest } from './request-fields.ts'
import { type FingerprintsIntervals, type FingerprintsSettings, intervalsOf } from './settings.ts'
import { type Sighted, sightingBatches } from './sighting-batches.ts'
import { type Seen, sightingsOf, UseLists } from './sightings.ts'
import { profileOf, snapshotReason, takeSnapshot } from './snapshot.ts'
import { NOTHING, SEPARATOR } from './state-keys.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
// 8 bytes each: 400 kB, well below the megabyte that a broker takes in one piece. A hop at 5,000 requests/s has six of these.
const IDS_PER_ENTRY_MAX = 50_000
const IDS_PREFIX = `${SEPARATOR}ids${SEPARATOR}`
const PANES_PREFIX = `${SEPARATOR}panes${SEPARATOR}`

/** The requests of one account in one hop, and those of them that came late. */
interface AccountRequests {
  readonly requests: readonly SeenRequest[]
  readonly late: ReadonlySet<SeenRequest>
}

/** Turns the requests of one partition into fingerprints of its accounts, and into sightings of what they share. */
export class FingerprintsProcessor implements Processor {
  private readonly accounts = new AccountTable()
  private readonly rings: PaneRings
  private readonly heads: HeadLog
  private readonly changes = new Changes()
  /** The last hop that was processed; null before the first. */
  private lastHop: number | null = null
  private readonly recentIds: RecentIds
  private readonly context: TaskContext
  private readonly settings: FingerprintsSettings
  private readonly intervals: FingerprintsIntervals
  /** Hour up to which accounts have been looked through for those that expired; null: not yet. */
  private expiredThrough: number | null = null
  /** The pane of one account in the hop, and what its windows are merged in: the same memory for all. */
  private readonly pane = new PaneSum()
  private readonly sum = new PaneSum()
  private readonly uses = new UseLists()
  private readonly counts = {
    requests: 0,
    repeats: 0,
    late: 0,
    snapshots: 0,
    sightings: 0,
    evicted_accounts: 0,
    expired_accounts: 0,
    evicted_panes: 0,
    erased_accounts: 0,
  }

  constructor(context: TaskContext, settings: FingerprintsSettings) {
    this.context = context
    this.settings = settings
    this.intervals = intervalsOf(settings, context.hop_ms)
    this.recentIds = new RecentIds(this.intervals.event_id_hops)
    this.heads = new HeadLog(this.accounts, context.hop_ms)
    this.rings = new PaneRings(paneLadder(context.hop_ms), {
      changed: (tier, slot, part) => this.markBlock(tier, slot, part),
      leaving: (blocks, firstHop) => this.keepTotals(blocks, firstHop),
    })
  }

  process(input: HopInput): Output[] {
    const { erased, hop } = takeErasures(input)
    this.lastHop = hop.hop
    this.erase(erased)
    this.rings.close(hop.hop, (number) => this.ownerOf(number))
    const lifecycle = this.join(hop)
    const places = hop.records.requests?.byAccount() ?? new Map<string, readonly number[]>()
    const outputs: Output[] = erased.map((account_id) => {
      const value = erasedFingerprint(account_id, hop.hop, hop.end_ms)
      return { topic: 'fingerprints', key: account_id, partition: this.context.task, value }
    })
    const seen: Seen[] = []
    const ids: number[] = []
    this.counts.late += hop.late.size
    for (const account_id of [...new Set([...lifecycle.keys(), ...places.keys()])].sort(compareText)) {
      const { requests, late } = this.requestsOf(account_id, hop, places.get(account_id) ?? [], ids)
      const touched = lifecycle.get(account_id)
      if (requests.length === 0 && touched === undefined) continue
      const state = touched ?? this.accountOf(account_id, hop, 0)
      const { org_id } = state
      const pane = requests.length > 0 ? this.count(state, hop, requests, late) : null
      if (pane !== null) this.rings.add(state.number, pane)
      const windows = once(() => this.rings.windows(state, hop.hop, pane))
      const day = () => windows().at(-1)!.content
      const found =
        pane === null ? null : sightingsOf(state, hop.hop, hop.end_ms, requests, day, this.intervals, this.uses)
      if (found !== null) seen.push(found)
      const reason = snapshotReason(state, hop.hop, pane, touched !== undefined, this.settings, this.intervals)
      if (reason !== null) {
        const value = takeSnapshot(state, hop.hop, hop.end_ms, this.context.hop_ms, reason, windows(), this.sum)
        outputs.push({ topic: 'fingerprints', key: account_id, partition: this.context.task, value })
        const profile = pane === null ? (state.snapshot?.profile ?? 0) : profileOf(pane)
        state.snapshot = { hop: hop.hop, requests: state.requests, profile }
        this.counts.snapshots++
      }
      const isChanged = found !== null || touched !== undefined || state.org_id !== org_id
      if (reason === null && !isChanged) this.accounts.saveTotals(state)
      else this.saveHead(state)
    }
    this.rings.finish(hop.hop)
    this.markIds(hop.hop, ids)
    this.evict(hop)
    const { active: active_accounts } = this.accounts
    const sighted = { hop: hop.hop, end_ms: hop.end_ms, seen, active_accounts, erased_accounts: erased }
    return [...outputs, ...this.batches(sighted)]
  }

  drainChanges(): ChangelogEntry[] {
    const changes = this.changes.drain()
    if (this.lastHop === null) return changes
    return [...changes, ...this.heads.drain(this.lastHop)].sort((a, b) => compareText(a.key, b.key))
  }

  restore({ key, value }: ChangelogEntry): void {
    const entry = value as FingerprintState | null
    if (key.startsWith(IDS_PREFIX)) {
      if (entry?.event_ids) this.restoreIds(entry.event_ids)
      return
    }
    if (key.startsWith(PANES_PREFIX)) {
      const [, , tier, slot, part] = key.split(SEPARATOR) as [string, string, Tier, string, string]
      const found = entry?.block
      const block = found ? { index: found.index, block: PaneBlock.decode(found.panes) } : null
      this.rings.restore(tier, Number(slot), Number(part), block)
      return
    }
    const isOfHead = this.heads.restore(key, entry)
    if (!isOfHead && entry !== null) {
      throw new StateFormUnknown(
        `fingerprints.state has an entry '${key.split(SEPARATOR)[1]}' of a form that this version does not read; start the version that wrote it, or reset the stage: delete its group and recreate fingerprints.state`,
      )
    }
  }

  restored(): void {
    this.heads.restored()
    this.rings.restored()
    // A pane written after the head carries newer totals.
    for (const { lastHop, number, place } of this.rings.all()) {
      if (!this.isOwn(number, lastHop)) continue
      this.accounts.raiseTotals(number, readTotals(new ByteReader(place.bytes, place.begin)))
    }
  }

  counters(): Readonly<Record<string, number>> {
    return { ...this.counts, accounts: this.accounts.size, state_bytes: this.stateBytes() }
  }

  /** Joins account records and outcomes; returns the accounts they changed. */
  private join(hop: HopInput): Map<string, AccountState> {
    const touched = new Map<string, AccountState>()
    const stateOf = (account_id: string, time_ms: number) =>
      touched.get(account_id) ?? this.accountOf(account_id, hop, time_ms)
    for (const account of hop.records.accounts ?? []) {
      const state = stateOf(account.account_id, account.event_time_ms)
      if (state.facts !== null && state.facts.event_time_ms > account.event_time_ms) continue
      state.facts = factsOf(account)
      touched.set(account.account_id, state)
    }
    for (const outcome of hop.records.outcomes ?? []) {
      const state = stateOf(outcome.account_id, outcome.event_time_ms)
      state.status = outcome.outcome
      touched.set(outcome.account_id, state)
    }
    return touched
  }

  /** The requests of an account in its places of a hop, in canonical order and repeats dropped; adds the ids of those left to `ids`. */
  private requestsOf(account_id: string, hop: HopInput, places: readonly number[], ids: number[]): AccountRequests {
    const late = new Set<SeenRequest>()
    const all: SeenRequest[] = []
    for (const place of places) {
      const request: SeenRequest = hop.records.requests!.at(place)!
      if (hop.late.has(place)) late.add(request)
      all.push(request)
    }
    if (all.length > 1) all.sort(compareRequests)
    const requests: SeenRequest[] = []
    for (const request of all) {
      const id = idHash(`${account_id}${SEPARATOR}${request.event_id}`)
      if (!this.recentIds.add(id, hop.hop)) continue
      ids.push(id)
      requests.push(request)
    }
    this.counts.requests += requests.length
    this.counts.repeats += all.length - requests.length
    return { requests, late }
  }

  private markIds(hop: number, ids: readonly number[]): void {
    // The slot of a hop is used again when its ids have expired, so the changelog keeps no more of them than memory.
    const slot = hop % this.intervals.event_id_hops
    for (let from = 0; from < ids.length; from += IDS_PER_ENTRY_MAX) {
      const event_ids = encodeIds(hop, ids.slice(from, from + IDS_PER_ENTRY_MAX))
      this.changes.mark(`${IDS_PREFIX}${slot}${SEPARATOR}${from}`, () => ({ ...NOTHING, event_ids }))
    }
  }

  private count(
    state: AccountState,
    hop: HopInput,
    requests: readonly SeenRequest[],
    late: ReadonlySet<SeenRequest>,
  ): Pane {
    if (state.requests === 0) {
      state.first_seen_ms = requests.reduce((first, { event_time_ms }) => Math.min(first, event_time_ms), hop.end_ms)
      const isOver = this.expiredThrough !== null && hourOf(this.expires_ms(state.last_seen_ms)) < this.expiredThrough
      if (isOver) this.expiredThrough = null
    }
    if (state.facts === null) state.org_id = requests.find(({ org_id }) => org_id !== null)?.org_id ?? state.org_id
    const pane = paneOf(requests, late, state, this.pane)
    state.requests = pane.requests_total
    state.output_tokens = pane.output_tokens_total
    state.last_seen_ms = pane.last_seen_ms
    return pane
  }

  private accountOf(account_id: string, { hop }: HopInput, time_ms: number): AccountState {
    const known = this.accounts.load(account_id)
    if (known) return known
    const state = newAccount(account_id, this.accounts.take(account_id), hop)
    state.last_seen_ms = time_ms
    return state
  }

  private batches(sighted: Sighted): Output[] {
    for (const { uses } of sighted.seen) this.counts.sightings += uses.length
    const { task, partitions } = this.context
    return Array.from({ length: partitions }, (_, partition) =>
      sightingBatches(sighted, partition, partitions).map((value) => ({
        topic: 'sightings' as const,
        key: `${task}`,
        partition,
        value,
      })),
    ).flat()
  }

  private expires_ms(last_seen_ms: number): number {
    return last_seen_ms + this.settings.account_ttl_days * DAY_MS
  }

  private evict({ hop, end_ms }: HopInput): void {
    const hour = hourOf(end_ms)
    if (this.expiredThrough === null || hour > this.expiredThrough) {
      this.expiredThrough = hour
      const isOver = (last_seen_ms: number) => hourOf(this.expires_ms(last_seen_ms)) < hour
      for (const account_id of this.accounts.silentSince(isOver)) this.forgetActivity(account_id, hop)
    }
    const { accounts_max, state_bytes_max } = this.settings
    // A tenth of a percent more than needed, so that a full table is not searched in every hop.
    const spare = Math.floor(accounts_max / 1000)
    if (this.accounts.size > accounts_max) this.forgetOldest(this.accounts.size - accounts_max + spare)
    while (this.stateBytes() > state_bytes_max) {
      const panes = this.rings.dropOldest(hop)
      if (panes !== null) this.counts.evicted_panes += panes
      else if (this.accounts.size > 0) this.forgetOldest(spare + 1)
      else return
    }
  }

  private stateBytes(): number {
    return this.rings.size_bytes + this.accounts.size_bytes
  }

  private forgetOldest(count: number): void {
    const oldest = this.accounts.longestSilent(count)
    this.counts.evicted_accounts += oldest.length
    for (const account_id of oldest) this.forget(account_id)
  }

  /** Takes accounts out with all that they did. Whoever has their numbers next finds no pane of theirs. */
  private erase(accounts: readonly string[]): void {
    const numbers = new Set<number>()
    for (const account_id of accounts) {
      const number = this.accounts.numberOf(account_id)
      if (number === null) continue
      numbers.add(number)
      this.forget(account_id)
    }
    this.counts.erased_accounts += numbers.size
    if (numbers.size > 0) this.rings.erase(numbers)
    if (accounts.length > 0) this.heads.erase(new Set(accounts))
  }

  private forget(account_id: string): void {
    this.accounts.delete(account_id)
    this.heads.forget(account_id)
  }

  /** What an account did expires; what its record says stays, because the accounts topic won't say it again. */
  private forgetActivity(account_id: string, hop: number): void {
    const state = this.accounts.load(account_id)
    this.counts.expired_accounts++
    this.forget(account_id)
    if (!state?.facts) return
    // Of the next hop on: what the rings hold until then under this number is what expired.
    const kept = newAccount(account_id, this.accounts.take(account_id), hop + 1)
    this.saveHead({ ...kept, facts: state.facts, status: state.status, last_seen_ms: state.last_seen_ms })
  }

  private saveHead(state: AccountState): void {
    this.accounts.save(state)
    this.heads.mark(state.account_id)
  }

  private markBlock(tier: Tier, slot: number, part: number): void {
    this.changes.mark(`${PANES_PREFIX}${tier}${SEPARATOR}${slot}${SEPARATOR}${part}`, () => {
      const block = this.rings.block(tier, slot, part)
      const index = this.rings.indexOf(tier, slot)
      return block && index !== null ? { ...NOTHING, block: { index, panes: block.bytes } } : null
    })
  }

  /** Writes the totals of accounts whose newest pane is about to go: a restored task would not find them otherwise. */
  private keepTotals(blocks: readonly PaneBlock[], lastHop: number): void {
    for (const block of blocks) {
      for (let at = 0; at < block.length; at++) {
        const number = block.numberAt(at)
        if (!this.isOwn(number, lastHop) || !this.accounts.isAheadOfHead(number)) continue
        const { bytes, begin } = block.placeAt(at)
        const { requests } = readTotals(new ByteReader(bytes, begin))
        if (requests === this.accounts.requestsOf(number)) this.heads.mark(this.accounts.idOf(number)!)
      }
    }
  }

  private ownerOf(number: number): PaneOwner | null {
    return this.accounts.idOf(number) === null ? null : { number, born_hop: this.accounts.bornHopOf(number) }
  }

  /** False when a pane under this number, of a stretch that ends with `lastHop`, was another account's. */
  private isOwn(number: number, lastHop: number): boolean {
    return this.accounts.idOf(number) !== null && lastHop >= this.accounts.bornHopOf(number)
  }

  private restoreIds(bytes: Buffer): void {
    const hop = bytes.readDoubleBE(0)
    for (let at = 8; at < bytes.length; at += 8) this.recentIds.add(bytes.readDoubleBE(at), hop)
  }
}

// Repeats of an event id of one account within one hop: the earliest counts; the other fields only make the choice the same everywhere.
function compareRequests(a: SeenRequest, b: SeenRequest): number {
  return (
    compareText(a.event_id, b.event_id) ||
    a.end_time_ms - b.end_time_ms ||
    a.event_time_ms - b.event_time_ms ||
    a.usage.output_tokens - b.usage.output_tokens ||
    a.usage.input_tokens - b.usage.input_tokens ||
    a.response.status - b.response.status
  )
}

function hourOf(time_ms: number): number {
  return Math.floor(time_ms / HOUR_MS)
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | null = null
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

function encodeIds(hop: number, ids: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(8 * (ids.length + 1))
  bytes.writeDoubleBE(hop, 0)
  ids.forEach((id, index) => {
    bytes.writeDoubleBE(id, 8 * (index + 1))
  })
  return bytes
}
