/** What kafkajs decodes of a fetched record, as far as it matters here. */
export interface FetchedRecord {
  readonly offset: string
  readonly key: Buffer | null
  isControlRecord: boolean
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean }
}

/** A transaction that ended with an abort: its producer, and the first offset that it wrote in this partition. */
export interface AbortedTransaction {
  readonly producerId: string
  readonly firstOffset: string
}

const ABORT_MARKER_TYPE = 0

/**
 * The records of a fetch that belong to aborted transactions (KIP-98, "Consumer"): those of a producer between the start
 * of one and its abort marker. `transactions` come as a broker sends them, in the order in which they ended; several may
 * have begun before the first record. The transactions of one producer never overlap.
 */
export function abortedRecords<R extends FetchedRecord>(
  records: readonly R[],
  transactions: readonly AbortedTransaction[],
): R[] {
  const waiting = [...transactions].sort((a, b) => Number(a.firstOffset) - Number(b.firstOffset))
  const aborting = new Set<string>()
  const aborted: R[] = []
  for (const record of records) {
    while (waiting.length > 0 && Number(waiting[0]!.firstOffset) <= Number(record.offset)) {
      aborting.add(waiting.shift()!.producerId)
    }
    const { producerId, inTransaction } = record.batchContext
    if (record.isControlRecord) {
      if (isAbortMarker(record)) aborting.delete(producerId)
    } else if (inTransaction && aborting.has(producerId)) aborted.push(record)
  }
  return aborted
}

/** Key of a control record: version and type, two bytes each (https://kafka.apache.org/documentation/#controlbatch). */
function isAbortMarker({ key }: FetchedRecord): boolean {
  return key !== null && key.length >= 4 && key.readInt16BE(2) === ABORT_MARKER_TYPE
}
