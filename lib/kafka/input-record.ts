import type { KafkaMessage } from 'kafkajs'
import type { TopicName } from '../../schemas/topics.ts'
import type { Codec } from '../avro/codec.ts'
import type { InputRecord } from '../stream/record.ts'
import { readAcceptsLate, readHopHeaders, readWatermark } from './headers.ts'

/**
 * A message as a stage sees it. Bytes that can't be decoded become a rejection in the place where they stand. The codec
 * must be prepared for the message.
 */
export function toInputRecord(codec: Codec, topic: TopicName, partition: number, message: KafkaMessage): InputRecord {
  const { value: bytes, headers } = message
  const place = { topic, partition, offset: Number(message.offset), hop: readHopHeaders(headers) }
  if (bytes === null) {
    return { ...place, value: null, watermark_ms: readWatermark(headers), rejection: null, raw: message }
  }
  const { value, rejection } = codec.decode(topic, bytes)
  return { ...place, value, watermark_ms: null, rejection, raw: message, accepts_late: readAcceptsLate(headers) }
}
