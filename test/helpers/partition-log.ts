import { createRequire } from 'node:module'
import { connectRaw, type RawClient } from './raw-client.ts'
import { fetchOnce } from './raw-requests.ts'

/** A record as it lies in its partition, whatever became of its transaction. */
export interface LoggedRecord {
  readonly offset: number
  readonly key: string | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, string>>
  /** Producer id and epoch, `id:epoch`. */
  readonly producer: string
  /** How the transaction ended by the next marker of the producer in the partition; `plain` for a record outside of one. */
  readonly end: 'committed' | 'aborted' | 'open' | 'plain'
}

interface DecodedRecord {
  readonly offset: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, Buffer>>
  readonly isControlRecord: boolean
  readonly batchContext: {
    readonly producerId: string
    readonly producerEpoch: number
    readonly inTransaction: boolean
  }
}

const require = createRequire(import.meta.url)
const Decoder: new (
  bytes: Buffer,
) => { canReadBytes(count: number): boolean } = require('kafkajs/src/protocol/decoder.js')
const decodeBatch: (
  bytes: object,
) => Promise<{ records: DecodedRecord[] }> = require('kafkajs/src/protocol/recordBatch/v0/decoder.js')

const BATCH_HEADER_BYTES = 61
const COMMIT_MARKER = 1

/** Everything in a partition up to its end, read uncommitted. */
export async function readPartitionLog(
  brokers: readonly string[],
  topic: string,
  partition: number,
): Promise<LoggedRecord[]> {
  for (const broker of brokers) {
    const raw = await connectRaw(broker)
    try {
      const records = await readAll(raw, topic, partition)
      if (records !== null) return withEnds(records)
    } finally {
      raw.close()
    }
  }
  throw new Error(`none of ${brokers.join(', ')} leads ${topic}/${partition}`)
}

/** Null when this broker is not the leader. */
async function readAll(raw: RawClient, topic: string, index: number): Promise<DecodedRecord[] | null> {
  const records: DecodedRecord[] = []
  for (let offset = 0; ; ) {
    const { partition } = await fetchOnce(raw, topic, { offset, index })
    if (partition?.errorCode !== 0) return null
    const bytes = new Decoder(partition.records ?? Buffer.alloc(0))
    const before = records.length
    while (bytes.canReadBytes(BATCH_HEADER_BYTES)) {
      const batch = await decodeBatch(bytes).catch(() => null)
      // The end of a fetch may cut a batch.
      if (batch === null) break
      records.push(...batch.records.filter((record) => Number(record.offset) >= offset))
    }
    if (records.length === before) return records
    offset = Number(records.at(-1)?.offset) + 1
  }
}

/** Markers say how what stands before them ended, so the log is gone through from behind. */
function withEnds(records: readonly DecodedRecord[]): LoggedRecord[] {
  const ends = new Map<string, 'committed' | 'aborted'>()
  const logged: LoggedRecord[] = []
  for (const { offset, key, value, headers, isControlRecord, batchContext } of [...records].reverse()) {
    const { producerId, producerEpoch, inTransaction } = batchContext
    if (isControlRecord) {
      ends.set(producerId, key?.readInt16BE(2) === COMMIT_MARKER ? 'committed' : 'aborted')
      continue
    }
    logged.push({
      offset: Number(offset),
      key: key?.toString() ?? null,
      value,
      headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, text.toString()])),
      producer: `${producerId}:${producerEpoch}`,
      end: inTransaction ? (ends.get(producerId) ?? 'open') : 'plain',
    })
  }
  return logged.reverse()
}
