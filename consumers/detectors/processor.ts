import { Changes } from '../../lib/stream/changes.ts'
import { compareText } from '../../lib/stream/order.ts'
import type { ChangelogEntry, HopInput, Output, Processor, TaskContext } from '../../lib/stream/processor.ts'
import type { DetectorEntry, DetectorState, Fingerprint, Signal, SignalOutcome } from '../../schemas/types.ts'
import type { Detector, Finding } from './kit.ts'
import { windowOf } from './kit.ts'
import type { DetectorsSettings } from './settings.ts'

/** A hit is said again when it has grown by half, or after an hour, so that readers can let old ones expire. */
const GROWTH_RATIO = 1.5
const REPEAT_HOPS = 60

type Judged = Finding | { readonly outcome: 'error'; readonly n: number }

/** Runs every detector on every fingerprint of one partition and emits what has changed. */
export class DetectorsProcessor implements Processor {
  private readonly entries = new Map<string, DetectorEntry>()
  private readonly changes = new Changes()
  private readonly context: TaskContext
  private readonly detectors: readonly Detector[]
  private readonly settings: DetectorsSettings
  private readonly counts: Record<string, number> = { fingerprints: 0, signals: 0 }

  constructor(context: TaskContext, detectors: readonly Detector[], settings: DetectorsSettings) {
    this.context = context
    this.settings = settings
    this.detectors = detectors.filter(({ name }) => settings[name]?.mode !== 'off')
  }

  process(hop: HopInput): Output[] {
    const fingerprints = [...(hop.records.fingerprints ?? [])].sort((a, b) => compareText(a.account_id, b.account_id))
    this.counts.fingerprints! += fingerprints.length
    return fingerprints.flatMap((fingerprint) =>
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
  }

  restored(): void {}

  counters(): Readonly<Record<string, number>> {
    return this.counts
  }

  private judge(detector: Detector, fingerprint: Fingerprint): Signal | null {
    const judged = this.evaluate(detector, fingerprint)
    const counter = `${detector.name}_${judged.outcome}`
    this.counts[counter] = (this.counts[counter] ?? 0) + 1
    const key = `${fingerprint.account_id}\u0000${detector.name}`
    const before = this.entries.get(key)
    if (!isNews(judged, fingerprint.hop, before)) return null
    this.remember(key, detector, fingerprint, judged)
    return this.signalOf(detector, fingerprint, judged)
  }

  private evaluate(detector: Detector, fingerprint: Fingerprint): Judged {
    try {
      return detector.evaluate(fingerprint, this.settings[detector.name] ?? {})
    } catch {
      // A third outcome, not "no hit": counted, told, and kept from the neighbours.
      return { outcome: 'error', n: 0 }
    }
  }

  /** Only accounts with something to take back are remembered; the others cost no state. */
  private remember(key: string, detector: Detector, fingerprint: Fingerprint, judged: Judged): void {
    if (judged.outcome !== 'hit' && judged.outcome !== 'error') {
      this.entries.delete(key)
      this.changes.mark(key, () => null)
      return
    }
    const entry: DetectorEntry = {
      detector: detector.name,
      version: detector.version,
      account_id: fingerprint.account_id,
      last_hop: fingerprint.hop,
      outcome: judged.outcome,
      observed: 'observed' in judged ? judged.observed : 0,
    }
    this.entries.set(key, entry)
    this.changes.mark(key, () => ({ position: null, entry }))
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

function isNews(judged: Judged, hop: number, before: DetectorEntry | undefined): boolean {
  if (!before) return judged.outcome === 'hit' || judged.outcome === 'error'
  if (before.outcome !== judged.outcome) return true
  if (hop - before.last_hop >= REPEAT_HOPS) return true
  return judged.outcome === 'hit' && judged.observed >= before.observed * GROWTH_RATIO
}
