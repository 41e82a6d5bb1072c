import type { Fields } from '../../schemas/fields.ts'
import type { TopicValue } from '../../schemas/values.ts'
import type { SourceRecords } from './processor.ts'
import type { InputRecord, PackedValue } from './record.ts'

const CHUNK_BYTES = 1 << 20

/** What every source value has: when it was written, and whose it is. */
export interface SourceValue {
  readonly account_id: string
  readonly end_time_ms: number
}

/** The same as a choice of fields. One object, so that whoever reads with it can know it again. */
export const PLACING_FIELDS = { account_id: true, end_time_ms: true } as const satisfies Fields<SourceValue>

/**
 * Values of one source that wait for their hop. Those that came as bytes are kept as bytes, copied one behind the other:
 * as objects, some forty each, they would outlive the young generation, and the collector would move every one of them.
 * A copy also lets go of the fetch that the bytes came with.
 */
export class SourceValues<Value extends SourceValue> implements SourceRecords<Value> {
  private readonly kept: (Value | null)[] = []
  private readonly readers: (PackedValue['read'] | null)[] = []
  private readonly chunks: Buffer[] = []
  private readonly chunkOf: number[] = []
  private readonly beginOf: number[] = []
  private used = CHUNK_BYTES
  private readonly places = new Map<string, number[]>()

  get length(): number {
    return this.kept.length
  }

  add(value: Value, { packed }: Pick<InputRecord, 'packed'>): void {
    const place = this.kept.length
    const ofAccount = this.places.get(value.account_id)
    if (ofAccount) ofAccount.push(place)
    else this.places.set(value.account_id, [place])
    this.kept.push(packed === null ? value : null)
    this.readers.push(packed?.read ?? null)
    this.append(packed?.bytes ?? null)
  }

  at(place: number): Value | undefined {
    const read = this.readers[place]
    if (!read) return this.kept[place] ?? undefined
    const value: TopicValue = read(this.chunks[this.chunkOf[place]!]!, this.beginOf[place]!)
    return value as object as Value
  }

  byAccount(): ReadonlyMap<string, readonly number[]> {
    return this.places
  }

  *[Symbol.iterator](): Generator<Value> {
    for (let place = 0; place < this.length; place++) yield this.at(place)!
  }

  private append(bytes: Buffer | null): void {
    const size = bytes?.length ?? 0
    if (bytes !== null && this.used + size > (this.chunks.at(-1)?.length ?? 0)) {
      this.chunks.push(Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, size)))
      this.used = 0
    }
    this.chunkOf.push(this.chunks.length - 1)
    this.beginOf.push(this.used)
    if (bytes === null) return
    this.chunks.at(-1)!.set(bytes, this.used)
    this.used += size
  }
}
