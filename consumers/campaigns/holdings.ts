import { Expiry } from '../../lib/stream/expiry.ts'
import type { AccountContext, Link, ObjectKind } from '../../schemas/types.ts'
import { isAnchor } from './object-kinds.ts'

const HOUR_MS = 3_600_000
const NO_LINKS: ReadonlyMap<HeldObject, Link> = new Map()
const NOTHING: Holder = { anchors: NO_LINKS, others: NO_LINKS }

/** An object with more holders than this is looked at on a schedule rather than at every change. */
export const LARGE_HOLDERS_MIN = 500

/** Key of an object: its kind and hash. */
export function objectKey(object: { readonly kind: ObjectKind; readonly object: number }): string {
  return `${object.kind}/${object.object}`
}

/** An object for as long as anybody holds it. */
export interface HeldObject {
  readonly key: string
  readonly kind: ObjectKind
  readonly object: number
  readonly holders: ReadonlyMap<string, Link>
  readonly tally: Tally
}

/** Room on an object for whoever counts who holds it together with something else, instead of a table. Zero when nobody does. */
export interface Tally {
  /** The last one that was counted. */
  organisation: string
  organisations: number
}

/** What an account holds: objects that can be anchors, and the others. */
export interface Holder {
  readonly anchors: ReadonlyMap<HeldObject, Link>
  readonly others: ReadonlyMap<HeldObject, Link>
}

interface StoredObject extends HeldObject {
  readonly holders: Map<string, Link>
  /** Holders of each organisation. Null until asked for; kept from then on. */
  organisations: Map<string, number> | null
}

interface StoredHolder extends Holder {
  readonly anchors: Map<StoredObject, Link>
  readonly others: Map<StoredObject, Link>
  /** The newest of its links. */
  context: AccountContext
}

/** Objects of one kind by their number of holders. */
interface Sizes {
  readonly counts: Map<number, number>
  /** By number of holders. Null until asked for. */
  sorted: readonly (readonly [number, number])[] | null
}

/** The bipartite graph of accounts and the objects that organisations share, with expiry. */
export class Holdings {
  /** Keys of the objects with more than LARGE_HOLDERS_MIN holders. */
  readonly large = new Set<string>()
  private readonly stored = new Map<string, StoredObject>()
  private readonly sizes = new Map<ObjectKind, Sizes>()
  private readonly byAccount = new Map<string, StoredHolder>()
  private readonly onRemoved: (link: Link) => void
  private expiry = new Expiry<string>(HOUR_MS)

  /** `onRemoved` hears of every holding that goes, while those that go after it are still there. */
  constructor(onRemoved: (link: Link) => void = () => {}) {
    this.onRemoved = onRemoved
  }

  get objects(): ReadonlyMap<string, HeldObject> {
    return this.stored
  }

  /** Adds or refreshes a holding; true when the account did not hold the object before. */
  add(link: Link): boolean {
    const key = objectKey(link)
    const object = this.stored.get(key) ?? this.create(key, link)
    const before = object.holders.get(link.account_id)
    object.holders.set(link.account_id, link)
    const own = this.byAccount.get(link.account_id) ?? {
      anchors: new Map(),
      others: new Map(),
      context: link.context,
    }
    this.byAccount.set(link.account_id, own)
    partOf(own, link.kind).set(object, link)
    if (!before) {
      this.resized(object, object.holders.size - 1)
      count(object.organisations, own.context.org_id, 1)
    }
    if (before?.context === own.context) renew(own, newest(own)!)
    else if (compareAge(link.context, own.context) > 0) renew(own, link.context)
    // What only expires later is asked again when it comes due; another entry at every sighting would fill the memory.
    if (!before || link.expires_ms < before.expires_ms) {
      this.expiry.schedule(entryKey(key, link.account_id), link.expires_ms)
    }
    return before === undefined
  }

  remove(link: Link): void {
    const object = this.stored.get(objectKey(link))
    if (!object?.holders.delete(link.account_id)) return
    this.resized(object, object.holders.size + 1)
    if (object.holders.size === 0) this.stored.delete(object.key)
    const own = this.byAccount.get(link.account_id)!
    const part = partOf(own, link.kind)
    const { context } = part.get(object)!
    part.delete(object)
    count(object.organisations, own.context.org_id, -1)
    const left = own.context === context ? newest(own) : own.context
    if (left) renew(own, left)
    else this.byAccount.delete(link.account_id)
    this.onRemoved(link)
  }

  /** After a restore: waits for what is held, and no longer for what was added and removed on the way. */
  restored(): void {
    this.expiry = new Expiry(HOUR_MS)
    for (const { key, holders } of this.stored.values()) {
      for (const { account_id, expires_ms } of holders.values())
        this.expiry.schedule(entryKey(key, account_id), expires_ms)
    }
  }

  /** Removes and returns everything that an account holds, and forgets the account. */
  erase(account_id: string): Link[] {
    const { anchors, others } = this.holder(account_id)
    const links = [...anchors.values(), ...others.values()]
    for (const link of links) {
      this.remove(link)
      this.expiry.forget(entryKey(objectKey(link), account_id))
    }
    return links
  }

  /** Removes and returns the holdings that have expired. */
  expire(now_ms: number): Link[] {
    const find = (key: string) => {
      const [object, account_id] = key.split('\u0000') as [string, string]
      return this.link(account_id, object)
    }
    const expired = this.expiry.take(now_ms, (key) => find(key)?.expires_ms ?? null)
    const links = expired.flatMap((key) => find(key) ?? [])
    for (const link of links) this.remove(link)
    return links
  }

  /** How many objects of a kind have how many holders: pairs of holders and objects, by holders. */
  sizesOf(kind: ObjectKind): readonly (readonly [number, number])[] {
    const sizes = this.sizes.get(kind)
    if (!sizes) return []
    sizes.sorted ??= [...sizes.counts].sort(([a], [b]) => a - b)
    return sizes.sorted
  }

  /** What an account holds. */
  holder(account_id: string): Holder {
    return this.byAccount.get(account_id) ?? NOTHING
  }

  link(account_id: string, key: string): Link | null {
    return this.stored.get(key)?.holders.get(account_id) ?? null
  }

  /** The newest context that any link of the account carried; requests count anew once an account was forgotten. */
  context(account_id: string): AccountContext | null {
    return this.byAccount.get(account_id)?.context ?? null
  }

  /** How many organisations hold an object, each account being of the one that its newest context names. */
  organisations(key: string): number {
    const object = this.stored.get(key)
    if (!object) return 0
    if (!object.organisations) {
      object.organisations = new Map()
      for (const account_id of object.holders.keys()) {
        count(object.organisations, this.byAccount.get(account_id)!.context.org_id, 1)
      }
    }
    return object.organisations.size
  }

  private create(key: string, { kind, object }: Link): StoredObject {
    const created: StoredObject = {
      key,
      kind,
      object,
      holders: new Map(),
      tally: { organisation: '', organisations: 0 },
      organisations: null,
    }
    this.stored.set(key, created)
    return created
  }

  private resized({ key, kind, holders }: HeldObject, before: number): void {
    const sizes = this.sizes.get(kind) ?? { counts: new Map<number, number>(), sorted: null }
    this.sizes.set(kind, sizes)
    if (before > 0) count(sizes.counts, before, -1)
    if (holders.size > 0) count(sizes.counts, holders.size, 1)
    sizes.sorted = null
    if (holders.size > LARGE_HOLDERS_MIN) this.large.add(key)
    else this.large.delete(key)
  }
}

function count<Key>(counts: Map<Key, number> | null, key: Key, change: number): void {
  if (!counts) return
  const sum = (counts.get(key) ?? 0) + change
  if (sum === 0) counts.delete(key)
  else counts.set(key, sum)
}

function partOf({ anchors, others }: StoredHolder, kind: ObjectKind): Map<StoredObject, Link> {
  return isAnchor(kind) ? anchors : others
}

/** Gives an account another context, and with it another organisation wherever that is counted. */
function renew(own: StoredHolder, context: AccountContext): void {
  const { org_id } = own.context
  own.context = context
  if (context.org_id === org_id) return
  for (const part of [own.anchors, own.others]) {
    for (const { organisations } of part.keys()) {
      count(organisations, org_id, -1)
      count(organisations, context.org_id, 1)
    }
  }
}

function newest({ anchors, others }: Holder): AccountContext | null {
  let found: AccountContext | null = null
  for (const part of [anchors, others]) {
    for (const { context } of part.values()) if (found === null || compareAge(context, found) > 0) found = context
  }
  return found
}

function entryKey(object: string, account_id: string): string {
  return `${object}\u0000${account_id}`
}

/** Cue bits of an object, as those who hold it now were seen using it. */
export function cuesOf({ holders }: HeldObject): number {
  let cues = 0
  for (const link of holders.values()) cues |= link.cues
  return cues
}

function compareAge(a: AccountContext, b: AccountContext): number {
  return a.last_seen_ms - b.last_seen_ms || a.requests - b.requests
}
