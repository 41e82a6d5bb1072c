import type { Changes } from '../../lib/stream/changes.ts'
import { Expiry } from '../../lib/stream/expiry.ts'
import { compareText } from '../../lib/stream/order.ts'
import type { Signal } from '../../schemas/types.ts'
import { entryKey, entryOf, readEntryKey } from './state-entries.ts'

const NOTHING: readonly Signal[] = []

/** The last hit of each detector about each account, for as long as it counts. */
export class StandingHits {
  private readonly byAccount = new Map<string, Map<string, Signal>>()
  private readonly changes: Changes
  private readonly ttl_hops: number
  /** In hops, and a bucket for each. */
  private expiry = new Expiry<string>(1)

  constructor(changes: Changes, ttl_hops: number) {
    this.changes = changes
    this.ttl_hops = ttl_hops
  }

  /** Hits about an account that count in a hop, by default all that have not lapsed, in order of their detectors. */
  of(account_id: string, hop = Number.NEGATIVE_INFINITY): readonly Signal[] {
    const own = this.byAccount.get(account_id)
    if (!own) return NOTHING
    return [...own.values()]
      .filter((signal) => this.lastHop(signal) >= hop)
      .sort((a, b) => compareText(a.detector, b.detector))
  }

  /** Takes what detectors said in a hop; returns it in order, without errors. */
  join(said: readonly Signal[]): Signal[] {
    // A detector that failed has said nothing about the account: what it said before stands until it lapses.
    const signals = said.filter(({ outcome }) => outcome !== 'error').sort(compareSignals)
    for (const signal of signals) {
      const { account_id, detector } = signal
      const isKept = signal.outcome === 'hit' && !signal.shadow
      // What an exact rule has found stays found until it lapses, or the alert would open and close with the panes of a window.
      if (!isKept && signal.standalone && this.byAccount.get(account_id)?.has(detector)) continue
      if (isKept) this.keep(signal)
      else this.drop(account_id, detector)
      this.changes.mark(entryKey('signal', account_id, detector), () => (isKept ? entryOf({ signal }) : null))
    }
    return signals
  }

  /** Forgets the hits that were last said too long ago to count, and returns them in order: an alert may rest on one. */
  lapse(hop: number): Signal[] {
    const lapsed = this.expiry
      .take(hop, (key) => {
        const signal = this.find(key)
        return signal ? this.lastHop(signal) : null
      })
      .flatMap((key) => this.find(key) ?? [])
    for (const { account_id, detector } of lapsed) {
      this.drop(account_id, detector)
      this.changes.mark(entryKey('signal', account_id, detector), () => null)
    }
    return lapsed.sort(compareSignals)
  }

  erase(account_id: string): void {
    for (const detector of this.byAccount.get(account_id)?.keys() ?? []) {
      const key = entryKey('signal', account_id, detector)
      this.changes.mark(key, () => null)
      this.expiry.forget(key)
    }
    this.byAccount.delete(account_id)
  }

  restore(account_id: string, detector: string, signal: Signal | null): void {
    if (signal) this.keep(signal)
    else this.drop(account_id, detector)
  }

  /** After a restore: waits for what stands, and no longer for what came and went on the way. */
  restored(): void {
    this.expiry = new Expiry(1)
    for (const own of this.byAccount.values()) for (const signal of own.values()) this.schedule(signal)
  }

  private keep(signal: Signal): void {
    const own = this.byAccount.get(signal.account_id) ?? new Map<string, Signal>()
    this.byAccount.set(signal.account_id, own)
    const before = own.get(signal.detector)
    own.set(signal.detector, signal)
    // What only lapses later is asked again when it comes due.
    if (!before || signal.hop < before.hop) this.schedule(signal)
  }

  private drop(account_id: string, detector: string): void {
    const own = this.byAccount.get(account_id)
    own?.delete(detector)
    if (own?.size === 0) this.byAccount.delete(account_id)
  }

  private schedule(signal: Signal): void {
    this.expiry.schedule(entryKey('signal', signal.account_id, signal.detector), this.lastHop(signal))
  }

  private find(key: string): Signal | null {
    const [account_id, detector] = readEntryKey(key).id as [string, string]
    return this.byAccount.get(account_id)?.get(detector) ?? null
  }

  private lastHop({ hop }: Signal): number {
    return hop + this.ttl_hops
  }
}

function compareSignals(a: Signal, b: Signal): number {
  return compareText(a.account_id, b.account_id) || compareText(a.detector, b.detector)
}
