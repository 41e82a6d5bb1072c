import { hopsIn } from '../../lib/stream/hop.ts'
import type { ChangelogEntry } from '../../lib/stream/processor.ts'
import type { FingerprintState } from '../../schemas/types.ts'
import { headOf } from './account.ts'
import type { AccountTable } from './account-table.ts'
import { HeadBlockDraft, readHeadBlock } from './head-block.ts'
import { NOTHING, SEPARATOR } from './state-keys.ts'

/**
 * For how long heads stay in blocks. Less would make more accounts write a record of their own, more would make a restore
 * read more heads that have changed since.
 */
export const HEAD_BLOCKS_MS = 3_600_000

const HEAD = 'head'
const HEADS_PREFIX = `${SEPARATOR}heads${SEPARATOR}`

/** What one block says, in as many records as it takes. */
interface Slot {
  readonly hop: number
  /** Accounts that it has heads of, whether or not a later block has newer ones. */
  readonly kept: readonly string[]
  readonly gone: readonly string[]
  readonly parts: number
}

/**
 * The heads of accounts in the changelog. Those that changed with a transaction are one block, since a record for each
 * costs a client more than the head does. A block stays for an hour; a head that has not changed until then gets a
 * record of its own, which any block is newer than, and the slot is used again.
 */
export class HeadLog {
  private readonly accounts: AccountTable
  private readonly hops_kept: number
  private readonly changed = new Set<string>()
  private readonly forgotten = new Set<string>()
  private readonly slots: (Slot | undefined)[] = []
  private readonly draft = new HeadBlockDraft()
  /** Blocks as they are read back. */
  private readonly read = new Map<string, { readonly hop: number; readonly bytes: Buffer }>()
  /** Slots that say less than the changelog does. */
  private readonly erasedFrom = new Set<Slot>()

  constructor(accounts: AccountTable, hop_ms: number) {
    this.accounts = accounts
    this.hops_kept = hopsIn(HEAD_BLOCKS_MS, hop_ms)
  }

  /** Notes that the head of an account has changed. */
  mark(account_id: string): void {
    this.changed.add(account_id)
  }

  /** Notes that an account is gone. */
  forget(account_id: string): void {
    this.changed.add(account_id)
    this.forgotten.add(account_id)
  }

  /** Takes accounts that were forgotten out of every block: no entry names them any more. */
  erase(accounts: ReadonlySet<string>): void {
    for (const [index, slot] of this.slots.entries()) {
      const isIn = (account_id: string) => accounts.has(account_id)
      if (!slot || !(slot.kept.some(isIn) || slot.gone.some(isIn))) continue
      const rest = {
        ...slot,
        kept: slot.kept.filter((account_id) => !isIn(account_id)),
        gone: slot.gone.filter((account_id) => !isIn(account_id)),
      }
      this.erasedFrom.delete(slot)
      this.erasedFrom.add(rest)
      this.slots[index] = rest
    }
    for (const account_id of accounts) this.changed.delete(account_id)
  }

  /** What has changed since the last call, as of the end of `hop`. */
  drain(hop: number): ChangelogEntry[] {
    const entries = new Map<string, FingerprintState | null>()
    const changed = [...this.changed]
    for (const account_id of changed) this.accounts.headIsIn(account_id, hop)
    for (const account_id of this.forgotten) entries.set(headKey(account_id), null)
    for (const slot of this.erasedFrom) this.write(slot, entries)
    for (const slot of this.slots) if (slot && slot.hop <= hop - this.hops_kept) this.settle(slot, entries)
    const gone = changed.filter((account_id) => this.accounts.numberOf(account_id) === null)
    if (changed.length > 0) this.write({ hop, kept: changed, gone, parts: 0 }, entries)
    this.changed.clear()
    this.forgotten.clear()
    this.erasedFrom.clear()
    return [...entries].map(([key, value]) => ({ key, value }))
  }

  /** Takes one entry back; false when it is none of a head. */
  restore(key: string, entry: FingerprintState | null): boolean {
    if (key.startsWith(HEADS_PREFIX)) {
      const found = entry?.heads
      if (found) this.read.set(key, { hop: found.hop, bytes: found.entries })
      else this.read.delete(key)
      return true
    }
    const [account_id, name] = key.split(SEPARATOR) as [string, string]
    if (name !== HEAD) return false
    this.accounts.delete(account_id)
    const head = entry?.head
    if (!head) return true
    if (head.number < 0) return false
    this.accounts.take(account_id, head.number)
    this.accounts.save({ ...head, account_id })
    this.accounts.headIsWritten(head.number)
    return true
  }

  /** Call after the last `restore`: reads the blocks, oldest first. */
  restored(): void {
    const found = [...this.read].map(([key, block]) => ({ ...block, place: placeOf(key) }))
    found.sort((a, b) => a.hop - b.hop || a.place.part - b.place.part)
    for (const { hop, bytes, place } of found) {
      const known = this.slots[place.slot]
      const kept = known ? [...known.kept] : []
      const gone = known ? [...known.gone] : []
      for (const { account_id, head } of readHeadBlock(bytes)) {
        this.accounts.delete(account_id)
        if (head === null) gone.push(account_id)
        else {
          this.accounts.restore(account_id, hop, head)
          kept.push(account_id)
        }
      }
      this.slots[place.slot] = { hop, kept, gone, parts: place.part + 1 }
    }
    this.read.clear()
  }

  /** Writes the block of a slot anew: what it says about accounts that no later block says anything about. */
  private write(slot: Slot, entries: Map<string, FingerprintState | null>): void {
    const { hop, gone } = slot
    const index = hop % this.hops_kept
    const kept = slot.kept.filter((account_id) => this.accounts.isHeadIn(account_id, hop))
    for (const account_id of gone) this.draft.gone(account_id)
    for (const account_id of kept) this.draft.kept(account_id, (to) => this.accounts.write(account_id, to))
    const blocks = this.draft.finish()
    for (let part = blocks.length; part < slot.parts; part++) entries.set(blockKey(index, part), null)
    for (const [part, bytes] of blocks.entries()) {
      entries.set(blockKey(index, part), { ...NOTHING, heads: { hop, entries: bytes } })
    }
    this.slots[index] = blocks.length > 0 ? { hop, kept, gone, parts: blocks.length } : undefined
  }

  private settle(slot: Slot, entries: Map<string, FingerprintState | null>): void {
    const index = slot.hop % this.hops_kept
    for (let part = 0; part < slot.parts; part++) entries.set(blockKey(index, part), null)
    this.slots[index] = undefined
    for (const account_id of slot.kept) {
      if (!this.accounts.isHeadIn(account_id, slot.hop)) continue
      const state = this.accounts.load(account_id)!
      entries.set(headKey(account_id), { ...NOTHING, head: headOf(state) })
      this.accounts.headIsWritten(state.number)
    }
  }
}

function headKey(account_id: string): string {
  return `${account_id}${SEPARATOR}${HEAD}`
}

function blockKey(slot: number, part: number): string {
  return `${HEADS_PREFIX}${slot}${SEPARATOR}${part}`
}

function placeOf(key: string): { slot: number; part: number } {
  const [slot, part] = key.slice(HEADS_PREFIX.length).split(SEPARATOR)
  return { slot: Number(slot), part: Number(part) }
}
