import type { EncodedRecord } from '../../../lib/kafka/publisher.ts'

const CHUNK_BYTES = 64 << 20

/**
 * Records of one topic that are ready to be sent, in a few large buffers: millions of small ones keep the collector busy all the
 * time. Whatever costs anything has been done before.
 */
export class PreparedRecords {
  private readonly topic: string
  private readonly keys: string[] = []
  private readonly partitions: number[] = []
  /** Where the value of each record begins in its chunk, and its length. */
  private readonly places: { readonly chunks: number[]; readonly starts: number[]; readonly lengths: number[] } = {
    chunks: [],
    starts: [],
    lengths: [],
  }
  private readonly known = new Map<string, string>()
  private readonly chunks: Buffer[] = []
  private used_bytes = CHUNK_BYTES

  constructor(topic: string) {
    this.topic = topic
  }

  add(key: string, partition: number, value: Buffer): void {
    if (this.used_bytes + value.length > CHUNK_BYTES) {
      this.chunks.push(Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, value.length)))
      this.used_bytes = 0
    }
    value.copy(this.chunks.at(-1)!, this.used_bytes)
    const { chunks, starts, lengths } = this.places
    chunks.push(this.chunks.length - 1)
    starts.push(this.used_bytes)
    lengths.push(value.length)
    this.used_bytes += value.length
    // One string an account, not one a record.
    const own = this.known.get(key) ?? key
    this.known.set(own, own)
    this.keys.push(own)
    this.partitions.push(partition)
  }

  slice(from: number, to: number): EncodedRecord[] {
    return Array.from({ length: to - from }, (_, index) => this.at(from + index))
  }

  private at(index: number): EncodedRecord {
    const { chunks, starts, lengths } = this.places
    const start = starts[index]!
    const value = this.chunks[chunks[index]!]!.subarray(start, start + lengths[index]!)
    return { topic: this.topic, key: this.keys[index]!, partition: this.partitions[index]!, value }
  }
}
