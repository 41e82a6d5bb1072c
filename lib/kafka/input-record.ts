import type { KafkaMessage } from 'kafkajs'
import type { TopicName } from '../../schemas/topics.ts'
import type { Codec } from '../avro/codec.ts'
import type { InputRecord } from '../stream/record.ts'
import { readHopHeaders, readWatermark } from './headers.ts'

/**
 * A message as a stage sees it. Bytes that can't be decoded become a rejection in the place where they stand, with a copy
 * of the bytes for the dead letter. The codec must be prepared for the message.
 */
export function toInputRecord(codec: Codec, topic: TopicName, partition: number, message: KafkaMessage): InputRecord {
  const { value: bytes, headers } = message
  const place = { topic, partition, offset: Number(message.offset), hop: readHopHeaders(headers) }
  if (bytes === null) {
    return { ...place, value: null, watermark_ms: readWatermark(headers), rejection: null, raw: null }
  }
  const { value, rejection } = codec.decode(topic, bytes)
  // A slice of the fetch would keep the whole fetch in memory for as long as the rejection waits for its hop.
  return { ...place, value, watermark_ms: null, rejection, raw: rejection ? Buffer.from(bytes) : null }
}
