import { Changes } from '../../lib/stream/changes.ts'
import { Expiry } from '../../lib/stream/expiry.ts'
import { hopsIn } from '../../lib/stream/hop.ts'
import { compareText } from '../../lib/stream/order.ts'
import type { ChangelogEntry, Failure, HopInput, Output, Processor, TaskContext } from '../../lib/stream/processor.ts'
import type { DetectorEntry, DetectorState, Fingerprint, Signal, SignalOutcome } from '../../schemas/types.ts'
import { Failures } from './failures.ts'
import { checkFinding } from './finding.ts'
import type { Detector, Finding } from './kit.ts'
import { windowOf } from './kit.ts'
import type { DetectorsSettings } from './settings.ts'

const HOUR_MS = 3_600_000
/** A hit is said again when it has grown by half, or after an hour, so that readers can let old ones expire. */
const GROWTH_RATIO = 1.5
const REPEAT_MS = HOUR_MS
// A hit that lasts is said again every hour. What was last said a week ago belongs to an account that has been silent
// since, which stage 1 has forgotten as well; no reader counts it any more.
const ENTRY_TTL_MS = 7 * 24 * HOUR_MS
// NUL can't stand in an id that passed the intake, so a detector's own entries meet no account's.
const SEPARATOR = '\u0000'

type Judged = Finding | { readonly outcome: 'error'; readonly n: number }

/** Runs every detector on every fingerprint of one partition and emits what has changed. */
export class DetectorsProcessor implements Processor {
  private readonly entries = new Map<string, DetectorEntry>()
  private readonly changes = new Changes()
  private readonly expiry = new Expiry<string>(HOUR_MS)
  private readonly failures = new Failures()
  /** Restored entries of detectors that do not run, or ran in another version. */
  private readonly stale = new Set<string>()
  private readonly context: TaskContext
  private readonly repeat_hops: number
  private readonly detectors: readonly Detector[]
  private readonly settings: DetectorsSettings
  private readonly counts: Record<string, number> = { fingerprints: 0, signals: 0 }

  constructor(context: TaskContext, detectors: readonly Detector[], settings: DetectorsSettings) {
    this.context = context
    this.repeat_hops = hopsIn(REPEAT_MS, context.hop_ms)
    this.settings = settings
    this.detectors = detectors.filter(({ name }) => settings[name]?.mode !== 'off')
  }

  process(hop: HopInput): Output[] {
    const fingerprints = [...(hop.records.fingerprints ?? [])].sort((a, b) => compareText(a.account_id, b.account_id))
    this.counts.fingerprints! += fingerprints.length
    this.expire(hop.end_ms)
    for (const { account_id } of fingerprints.filter(isErased)) this.erase(account_id)
    return fingerprints
      .filter((fingerprint) => !isErased(fingerprint))
      .flatMap((fingerprint) =>
        this.detectors.flatMap((detector) => {
          const signal = this.judge(detector, fingerprint)
          if (!signal) return []
          this.counts.signals!++
          return [{ topic: 'signals' as const, key: signal.account_id, partition: this.context.task, value: signal }]
        }),
      )
  }

  drainChanges(): ChangelogEntry[] {
    return this.changes.drain()
  }

  restore({ key, value }: ChangelogEntry): void {
    const entry = (value as DetectorState | null)?.entry
    // An entry of another version of the detector starts afresh: what it said is not what this version would say.
    const detector = this.detectors.find(({ name }) => name === entry?.detector)
    if (entry && detector?.version === entry.version) this.entries.set(key, entry)
    else this.entries.delete(key)
    if (entry && !this.entries.has(key)) this.stale.add(key)
    else this.stale.delete(key)
  }

  restored(): void {
    for (const [key, entry] of this.entries) this.expiry.schedule(key, this.expires_ms(entry))
    // Nobody would ever take them out of the changelog, and they name accounts.
    for (const key of this.stale) this.changes.mark(key, () => null)
    this.stale.clear()
  }

  drainFailures(): Failure[] {
    return this.failures.drain()
  }

  counters(): Readonly<Record<string, number>> {
    return this.counts
  }

  private judge(detector: Detector, fingerprint: Fingerprint): Signal | null {
    const judged = this.evaluate(detector, fingerprint)
    const counter = `${detector.name}_${judged.outcome}`
    this.counts[counter] = (this.counts[counter] ?? 0) + 1
    if (judged.outcome === 'error') return this.tellError(detector, fingerprint, judged)
    const key = `${fingerprint.account_id}${SEPARATOR}${detector.name}`
    const before = this.entries.get(key)
    if (!isNews(judged, fingerprint.hop, before, this.repeat_hops)) return null
    // Only accounts with something to take back are remembered; the others cost no state.
    if (judged.outcome === 'hit') this.remember(key, detector, fingerprint, judged.outcome, judged.observed)
    else this.forget(key)
    return this.signalOf(detector, fingerprint, judged)
  }

  private evaluate(detector: Detector, fingerprint: Fingerprint): Judged {
    try {
      return checkFinding(detector.evaluate(fingerprint, this.settings[detector.name] ?? {}))
    } catch (error) {
      // An outcome of its own, not "no hit": counted, told, and kept from the neighbours.
      this.failures.add(detector.name, error, fingerprint)
      return { outcome: 'error', n: 0 }
    }
  }

  /**
   * An error says nothing about the account, so what was known of it stands. It is said for the first account it meets
   * and then once an hour: a detector that fails on every account would flood the signals. It goes on being asked: to
   * skip accounts after so many errors would make the result depend on how many partitions they are spread over.
   */
  private tellError(detector: Detector, fingerprint: Fingerprint, judged: Judged): Signal | null {
    const key = `${SEPARATOR}${detector.name}`
    const before = this.entries.get(key)
    if (before && fingerprint.hop - before.last_hop < this.repeat_hops) return null
    this.remember(key, detector, { account_id: '', hop: fingerprint.hop }, 'error', 0)
    return this.signalOf(detector, fingerprint, judged)
  }

  private remember(
    key: string,
    { name, version }: Detector,
    { account_id, hop }: Pick<Fingerprint, 'account_id' | 'hop'>,
    outcome: DetectorEntry['outcome'],
    observed: number,
  ): void {
    const entry: DetectorEntry = { detector: name, version, account_id, last_hop: hop, outcome, observed }
    if (!this.entries.has(key)) this.expiry.schedule(key, this.expires_ms(entry))
    this.entries.set(key, entry)
    this.changes.mark(key, () => ({ position: null, entry }))
  }

  private forget(key: string): void {
    this.entries.delete(key)
    this.changes.mark(key, () => null)
  }

  /** Every entry of an account, whatever this process runs: it has restored no other. */
  private erase(account_id: string): void {
    for (const { name } of this.detectors) {
      const key = `${account_id}${SEPARATOR}${name}`
      if (!this.entries.has(key)) continue
      this.forget(key)
      this.expiry.forget(key)
    }
  }

  private expires_ms({ last_hop }: DetectorEntry): number {
    return last_hop * this.context.hop_ms + ENTRY_TTL_MS
  }

  /** Lets go what was said about accounts that have been silent since. */
  private expire(now_ms: number): void {
    const expired = this.expiry.take(now_ms, (key) => {
      const entry = this.entries.get(key)
      return entry ? this.expires_ms(entry) : null
    })
    for (const key of expired) this.forget(key)
  }

  private signalOf(detector: Detector, fingerprint: Fingerprint, judged: Judged): Signal {
    const hit = judged.outcome === 'hit' ? judged : null
    return {
      account_id: fingerprint.account_id,
      hop: fingerprint.hop,
      event_time_ms: fingerprint.event_time_ms,
      detector: detector.name,
      version: detector.version,
      block: detector.block,
      outcome: judged.outcome satisfies SignalOutcome,
      shadow: this.settings[detector.name]?.mode === 'shadow',
      standalone: detector.standalone,
      window_ms: windowOf(fingerprint, detector.window).window_ms,
      segment: fingerprint.segment,
      n: judged.n,
      p_value: hit?.p_value ?? null,
      observed: 'observed' in judged ? judged.observed : 0,
      baseline: hit?.baseline ?? null,
      reason: hit?.reason ?? judged.outcome,
      object: hit?.object ?? null,
      objectives: [...(hit?.objectives ?? [])],
      context: fingerprint.context,
    }
  }
}

/** Stage 1 has forgotten the account and says no more about it than that. */
function isErased({ status }: Fingerprint): boolean {
  return status === 'erased'
}

function isNews(judged: Finding, hop: number, before: DetectorEntry | undefined, repeat_hops: number): boolean {
  if (!before) return judged.outcome === 'hit'
  if (before.outcome !== judged.outcome) return true
  if (hop - before.last_hop >= repeat_hops) return true
  return judged.outcome === 'hit' && judged.observed >= before.observed * GROWTH_RATIO
}
