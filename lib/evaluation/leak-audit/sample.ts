import xxhash from 'xxhash-wasm'
import type { Features } from './fields.ts'

const { h32 } = await xxhash()

/** One record that stayed in the sample. */
export interface Sampled {
  readonly account_id: string
  readonly features: Features
}

/**
 * A uniform sample of records in bounded memory: those with the `records_max` smallest hashes of their keys (bottom-k). It does not
 * depend on the order of the stream, and is everything when there are no more. With m and n sampled records of the two classes the
 * standard error of an AUC a is about sqrt(a (1 - a) / min(m, n)): 0.007 at 0.9 and 2,000, 0.011 at 0.5.
 */
export class BottomSample {
  private kept: (Sampled & { readonly hash: number })[] = []
  private limit = Number.POSITIVE_INFINITY
  private readonly records_max: number

  constructor(records_max: number) {
    this.records_max = records_max
  }

  /** `features` is called only when the record may stay. */
  add(key: string, account_id: string, features: () => Features): void {
    const hash = h32(key)
    if (hash >= this.limit) return
    this.kept.push({ hash, account_id, features: features() })
    if (this.kept.length >= 2 * this.records_max) this.cut()
  }

  records(): readonly Sampled[] {
    this.cut()
    return this.kept
  }

  private cut(): void {
    this.kept.sort((a, b) => a.hash - b.hash)
    if (this.kept.length <= this.records_max) return
    this.limit = this.kept[this.records_max]!.hash
    this.kept.length = this.records_max
  }
}
