import type { PartitionLog } from '../../lib/embedded/log/partition-log.ts'
import { CODEC_NONE, declaredSize, HEADER_BYTES, readHeader } from '../../lib/wire/batch-header.ts'

/** A committed record as its reader gets it. */
export interface CommittedRecord {
  readonly offset: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly key: string
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, string>>
}

/** What a read-committed reader is given from `from` on, control records and aborted transactions left out. */
export function committedRecords(log: PartitionLog, from = log.startOffset): CommittedRecord[] {
  const limits = { bytes_max: Number.POSITIVE_INFINITY, isReadCommitted: true, atLeastOneBatch: true }
  const { buffers, aborted } = log.read(from, limits)
  const records: CommittedRecord[] = []
  for (const batch of buffers) {
    const { isControl, isTransactional, codec, producerId, producerEpoch } = readHeader(batch)
    const baseOffset = Number(batch.readBigInt64BE(0))
    const isAborted = (aborted ?? []).some(
      (transaction) =>
        isTransactional &&
        transaction.producerId === producerId &&
        baseOffset >= transaction.firstOffset &&
        baseOffset < transaction.lastOffset,
    )
    if (isControl || isAborted) continue
    if (codec !== CODEC_NONE) throw new RangeError(`records under codec ${codec}, which nobody here writes`)
    records.push(...recordsOf(batch, { baseOffset, producerId, producerEpoch }))
  }
  return records.filter(({ offset }) => offset >= from)
}

/** Record format v2: https://kafka.apache.org/documentation/#record */
function* recordsOf(
  batch: Buffer,
  place: { baseOffset: number; producerId: number; producerEpoch: number },
): Generator<CommittedRecord> {
  let at = HEADER_BYTES
  const end = declaredSize(batch)
  const varint = (): number => {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = batch[at++]!
      value += (byte & 0x7f) * scale
      scale *= 128
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    }
  }
  const bytes = (): Buffer | null => {
    const length = varint()
    if (length < 0) return null
    at += length
    return batch.subarray(at - length, at)
  }
  while (at < end) {
    varint() // length
    at += 1 // attributes
    varint() // timestamp
    const offset = place.baseOffset + varint()
    const key = bytes()?.toString() ?? ''
    const value = bytes()
    const headers: Record<string, string> = {}
    for (let left = varint(); left > 0; left--) headers[bytes()?.toString() ?? ''] = bytes()?.toString() ?? ''
    const { producerId, producerEpoch } = place
    yield { offset, producerId, producerEpoch, key, value, headers }
  }
}
