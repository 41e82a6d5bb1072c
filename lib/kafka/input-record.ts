import type { KafkaMessage } from 'kafkajs'
import type { Fields } from '../../schemas/fields.ts'
import type { Request } from '../../schemas/types.ts'
import type { Codec } from '../avro/codec.ts'
import type { InputRecord } from '../stream/record.ts'
import { PLACING_FIELDS } from '../stream/source-values.ts'
import type { InputPartition } from '../stream/stage.ts'
import { readAcceptsFuture, readAcceptsLate, readHopHeaders, readWatermark } from './headers.ts'

/** Turns the messages of one input partition into what a stage sees. */
export type InputReader = (message: KafkaMessage) => InputRecord

/**
 * Bytes that can't be decoded become a rejection in the place where they stand. Of a source value with chosen fields only
 * those that say where it belongs are read now; it is read in full from its bytes when its hop is processed. The codec must be
 * prepared for each message.
 */
export function createInputReader(codec: Codec, { input, partition }: InputPartition): InputReader {
  const { topic, role } = input
  const isSource = role === 'source'
  // Only `requests` is a source.
  const fields = input.fields as Fields<Request> | undefined
  return (raw) => {
    const { value: bytes, headers } = raw
    const offset = Number(raw.offset)
    const hop = readHopHeaders(headers)
    if (bytes === null) {
      const watermark_ms = readWatermark(headers)
      return { topic, partition, offset, value: null, hop, watermark_ms, rejection: null, raw, packed: null }
    }
    const accepts_late = readAcceptsLate(headers)
    const decoded = fields ? codec.glance('requests', bytes, fields, PLACING_FIELDS) : codec.decode(topic, bytes)
    const { value, rejection } = decoded
    const taken_ms = isSource && !readAcceptsFuture(headers) ? Number(raw.timestamp) : undefined
    const packed = isSource && decoded.rejection === null ? { bytes, read: decoded.read } : null
    return { topic, partition, offset, value, hop, watermark_ms: null, rejection, raw, packed, accepts_late, taken_ms }
  }
}
