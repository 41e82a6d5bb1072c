import { Changes } from '../../lib/stream/changes.ts'
import { ERASED_PER_RECORD_MAX } from '../../lib/stream/erasure.ts'
import { Expiry } from '../../lib/stream/expiry.ts'
import { compareByObject, compareText } from '../../lib/stream/order.ts'
import type { ChangelogEntry, HopInput, Output, Processor } from '../../lib/stream/processor.ts'
import { slicesOfTwo } from '../../lib/stream/slices.ts'
import type { Link, LinkageState, ObjectHolder, ObjectKind, Sighting, SightingBatch } from '../../schemas/types.ts'
import type { LinkageSettings } from './settings.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
// An object that one organisation holds links nobody.
const ORGANISATIONS_MIN = 2
// About 120 bytes each: 240 kB, well below the megabyte that a broker takes in one piece.
const LINKS_PER_RECORD_MAX = 2_000

/** Who holds one object. */
interface SharedObject {
  readonly holders: Map<string, ObjectHolder>
  /** Accounts per organisation. */
  readonly organisations: Map<string, number>
  /** Holders of whom no link has been told. */
  untold: number
}

/** Remembers who was seen with which object, and tells of every holder of an object that several organisations hold. */
export class LinkageProcessor implements Processor {
  private readonly objects = new Map<string, SharedObject>()
  private readonly changes = new Changes()
  private readonly expiry = new Expiry<string>(HOUR_MS)
  private readonly settings: LinkageSettings
  private readonly counts = { sightings: 0, links: 0, unkept_holders: 0 }

  constructor(settings: LinkageSettings) {
    this.settings = settings
  }

  process(hop: HopInput): Output[] {
    const batches: readonly SightingBatch[] = hop.records.sightings ?? []
    const active_accounts = batches.reduce((sum, batch) => sum + batch.active_accounts, 0)
    const erased_accounts = batches.flatMap((batch) => batch.erased_accounts).sort(compareText)
    const sightings = batches.flatMap((batch) => sightingsIn(batch, hop.end_ms)).sort(compareByObject)
    this.counts.sightings += sightings.length
    this.expire(hop.end_ms)
    if (erased_accounts.length > 0) this.erase(new Set(erased_accounts))
    const links = sightings.flatMap((sighting) => this.see(sighting, hop.hop))
    this.counts.links += links.length
    const pieces = slicesOfTwo([links, LINKS_PER_RECORD_MAX], [erased_accounts, ERASED_PER_RECORD_MAX])
    return pieces.map(([slice, erased]) => ({
      topic: 'links',
      key: 'campaigns',
      partition: 0,
      value: { hop: hop.hop, active_accounts, erased_accounts: erased, links: slice },
    }))
  }

  drainChanges(): ChangelogEntry[] {
    return this.changes.drain()
  }

  restore({ key, value }: ChangelogEntry): void {
    const holder = (value as LinkageState | null)?.holder
    const [object, account_id] = key.split('\u0000') as [string, string]
    const known = this.objects.get(object)?.holders.get(account_id)
    if (known) this.drop(object, known)
    if (holder) this.keep(object, holder)
  }

  restored(): void {
    for (const [object, { holders }] of this.objects) {
      for (const holder of holders.values()) this.expiry.schedule(entryKey(object, holder), this.expires_ms(holder))
    }
  }

  counters(): Readonly<Record<string, number>> {
    return { ...this.counts, objects: this.objects.size }
  }

  private see(sighting: Sighting, hop: number): Link[] {
    const object = `${sighting.kind}/${sighting.object}`
    const before = this.objects.get(object)?.holders.get(sighting.account_id)
    const holder: ObjectHolder = {
      kind: sighting.kind,
      object: sighting.object,
      account_id: sighting.account_id,
      n: (before?.n ?? 0) + sighting.n,
      first_ms: Math.min(before?.first_ms ?? sighting.first_ms, sighting.first_ms),
      last_ms: Math.max(before?.last_ms ?? sighting.last_ms, sighting.last_ms),
      cues: (before?.cues ?? 0) | sighting.cues,
      linked_hop: before?.linked_hop ?? -1,
      context: sighting.context,
    }
    if (before) this.drop(object, before)
    const shared = this.objects.get(object)
    if (shared && shared.holders.size >= this.settings.holders_max) {
      this.counts.unkept_holders++
      return [this.linkOf(holder, shared)]
    }
    this.keep(object, holder)
    this.mark(object, holder)
    // Seen again it only expires later, which it is asked when it comes due.
    if (!before) this.expiry.schedule(entryKey(object, holder), this.expires_ms(holder))
    return this.linksOf(object, holder, hop)
  }

  /** The holder itself, and those that were seen before a second organisation made the object worth telling. */
  private linksOf(object: string, holder: ObjectHolder, hop: number): Link[] {
    const shared = this.objects.get(object)
    if (!shared || shared.organisations.size < ORGANISATIONS_MIN) return []
    const others = shared.untold - (holder.linked_hop < 0 ? 1 : 0)
    // Asked at every sighting: a popular object has thousands of holders, and hardly ever one that waits.
    const untold =
      others === 0 ? [holder] : [...shared.holders.values()].filter((other) => other === holder || other.linked_hop < 0)
    shared.untold = 0
    for (const other of untold) {
      other.linked_hop = hop
      this.mark(object, other)
    }
    return untold.sort((a, b) => compareText(a.account_id, b.account_id)).map((other) => this.linkOf(other, shared))
  }

  private linkOf(holder: ObjectHolder, { holders, organisations }: SharedObject): Link {
    const { kind, object, account_id, n, first_ms, last_ms, cues, context } = holder
    return {
      kind,
      object,
      account_id,
      n,
      first_ms,
      last_ms,
      cues,
      holders: holders.size,
      organisations: organisations.size,
      expires_ms: this.expires_ms(holder),
      context,
    }
  }

  private keep(object: string, holder: ObjectHolder): void {
    const shared = this.objects.get(object) ?? { holders: new Map(), organisations: new Map(), untold: 0 }
    this.objects.set(object, shared)
    shared.holders.set(holder.account_id, holder)
    if (holder.linked_hop < 0) shared.untold++
    const { org_id } = holder.context
    shared.organisations.set(org_id, (shared.organisations.get(org_id) ?? 0) + 1)
  }

  private drop(object: string, holder: ObjectHolder): void {
    const shared = this.objects.get(object)
    if (!shared?.holders.delete(holder.account_id)) return
    if (holder.linked_hop < 0) shared.untold--
    const { org_id } = holder.context
    const accounts = (shared.organisations.get(org_id) ?? 1) - 1
    if (accounts === 0) shared.organisations.delete(org_id)
    else shared.organisations.set(org_id, accounts)
    if (shared.holders.size === 0) this.objects.delete(object)
  }

  /** Looks through every object: erasing is rare, and an index by account would cost memory for every holder. */
  private erase(accounts: ReadonlySet<string>): void {
    for (const [object, { holders }] of this.objects) {
      for (const holder of [...holders.values()].filter(({ account_id }) => accounts.has(account_id))) {
        const key = entryKey(object, holder)
        this.drop(object, holder)
        this.expiry.forget(key)
        this.changes.mark(key, () => null)
      }
    }
  }

  private expire(now_ms: number): void {
    const holderOf = (key: string) => {
      const [object, account_id] = key.split('\u0000') as [string, string]
      return { object, holder: this.objects.get(object)?.holders.get(account_id) }
    }
    const expired = this.expiry.take(now_ms, (key) => {
      const { holder } = holderOf(key)
      return holder ? this.expires_ms(holder) : null
    })
    for (const key of expired) {
      const { object, holder } = holderOf(key)
      if (!holder) continue
      this.drop(object, holder)
      this.changes.mark(key, () => null)
    }
  }

  private expires_ms({ kind, last_ms }: ObjectHolder): number {
    const ttl_days: Record<ObjectKind, number> = {
      unknown: 0,
      span: this.settings.span_ttl_days,
      prefix: this.settings.prefix_ttl_days,
      payment: this.settings.payment_ttl_days,
      client: this.settings.client_ttl_days,
    }
    return last_ms + ttl_days[kind] * DAY_MS
  }

  private mark(object: string, holder: ObjectHolder): void {
    this.changes.mark(entryKey(object, holder), () => ({ position: null, holder }))
  }
}

function entryKey(object: string, { account_id }: { account_id: string }): string {
  return `${object}\u0000${account_id}`
}

/** The sightings of a batch in either of its forms. */
function sightingsIn({ sightings, accounts }: SightingBatch, end_ms: number): Sighting[] {
  const ofAccounts = accounts.flatMap(({ account_id, context, uses }) =>
    uses.map(({ kind, object, n, first_ago_ms, last_ago_ms, cues }): Sighting => {
      const times = { first_ms: end_ms - first_ago_ms, last_ms: end_ms - last_ago_ms }
      return { kind, object, account_id, n, ...times, cues, context }
    }),
  )
  return sightings.length === 0 ? ofAccounts : [...sightings, ...ofAccounts]
}
