import { Expiry } from '../../lib/stream/expiry.ts'
import type { AccountContext, Link, ObjectKind } from '../../schemas/types.ts'

const HOUR_MS = 3_600_000
const NOTHING: readonly Link[] = []

/** An object with more holders than this is looked at on a schedule rather than at every change. */
export const LARGE_HOLDERS_MIN = 500

/** Key of an object: its kind and hash. */
export function objectKey(object: { readonly kind: ObjectKind; readonly object: number }): string {
  return `${object.kind}/${object.object}`
}

export interface HeldObject {
  readonly kind: ObjectKind
  readonly object: number
  readonly holders: Map<string, Link>
}

/** The bipartite graph of accounts and the objects that organisations share, with expiry. */
export class Holdings {
  readonly objects = new Map<string, HeldObject>()
  /** Keys of the objects with more than LARGE_HOLDERS_MIN holders. */
  readonly large = new Set<string>()
  private readonly kinds = new Map<ObjectKind, Map<string, HeldObject>>()
  private readonly byAccount = new Map<string, Map<string, Link>>()
  private expiry = new Expiry<string>(HOUR_MS)

  /** Adds or refreshes a holding; true when the account did not hold the object before. */
  add(link: Link): boolean {
    const key = objectKey(link)
    const object = this.objects.get(key) ?? this.create(link)
    const before = object.holders.get(link.account_id)
    object.holders.set(link.account_id, link)
    if (object.holders.size > LARGE_HOLDERS_MIN) this.large.add(key)
    const own = this.byAccount.get(link.account_id) ?? new Map<string, Link>()
    this.byAccount.set(link.account_id, own)
    own.set(key, link)
    // What only expires later is asked again when it comes due; another entry at every sighting would fill the memory.
    if (!before || link.expires_ms < before.expires_ms) {
      this.expiry.schedule(entryKey(key, link.account_id), link.expires_ms)
    }
    return before === undefined
  }

  remove(link: Link): void {
    const key = objectKey(link)
    const object = this.objects.get(key)
    object?.holders.delete(link.account_id)
    if (object && object.holders.size <= LARGE_HOLDERS_MIN) this.large.delete(key)
    if (object?.holders.size === 0) {
      this.objects.delete(key)
      this.kinds.get(link.kind)?.delete(key)
    }
    const own = this.byAccount.get(link.account_id)
    own?.delete(key)
    if (own?.size === 0) this.byAccount.delete(link.account_id)
  }

  /** After a restore: waits for what is held, and no longer for what was added and removed on the way. */
  restored(): void {
    this.expiry = new Expiry(HOUR_MS)
    for (const own of this.byAccount.values()) {
      for (const [key, { account_id, expires_ms }] of own) this.expiry.schedule(entryKey(key, account_id), expires_ms)
    }
  }

  /** Removes and returns everything that an account holds, and forgets the account. */
  erase(account_id: string): Link[] {
    const links = [...this.of(account_id)]
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
      return this.byAccount.get(account_id)?.get(object)
    }
    const expired = this.expiry.take(now_ms, (key) => find(key)?.expires_ms ?? null)
    const links = expired.flatMap((key) => find(key) ?? [])
    for (const link of links) this.remove(link)
    return links
  }

  /** Every object of a kind that is held. */
  ofKind(kind: ObjectKind): Iterable<HeldObject> {
    return this.kinds.get(kind)?.values() ?? []
  }

  /** What an account holds. */
  of(account_id: string): Iterable<Link> {
    return this.byAccount.get(account_id)?.values() ?? NOTHING
  }

  link(account_id: string, key: string): Link | null {
    return this.byAccount.get(account_id)?.get(key) ?? null
  }

  holds(account_id: string, key: string): boolean {
    return this.byAccount.get(account_id)?.has(key) ?? false
  }

  /** The newest context that any link of the account carried; requests count anew once an account was forgotten. */
  context(account_id: string): AccountContext | null {
    let newest: AccountContext | null = null
    for (const { context } of this.of(account_id)) {
      if (newest === null || compareAge(context, newest) > 0) newest = context
    }
    return newest
  }

  private create({ kind, object }: Link): HeldObject {
    const created: HeldObject = { kind, object, holders: new Map() }
    const key = objectKey(created)
    this.objects.set(key, created)
    const ofKind = this.kinds.get(kind) ?? new Map<string, HeldObject>()
    this.kinds.set(kind, ofKind.set(key, created))
    return created
  }
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
