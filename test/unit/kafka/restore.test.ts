import type { KafkaMessage } from 'kafkajs'
import { expect, test } from 'vitest'
import { HEAD_BLOCKS_MS } from '../../../consumers/fingerprints/head-log.ts'
import { FingerprintsProcessor } from '../../../consumers/fingerprints/processor.ts'
import { fingerprintsSettings } from '../../../consumers/fingerprints/settings.ts'
import { LinkageProcessor } from '../../../consumers/linkage/processor.ts'
import { linkageSettings } from '../../../consumers/linkage/settings.ts'
import { createCodec } from '../../../lib/avro/codec.ts'
import { localSchema } from '../../../lib/avro/record-types.ts'
import { Restore } from '../../../lib/kafka/restore.ts'
import { HOP_MS, requestValue, sourceRecords } from '../stream/records.ts'

const HEAD_HOPS = HEAD_BLOCKS_MS / HOP_MS

const topic = 'fingerprints.state'
const codec = createCodec({ idOf: async () => 1, schemaById: async () => localSchema(topic) })

function open(): FingerprintsProcessor {
  return new FingerprintsProcessor({ task: 0, partitions: 1, hop_ms: HOP_MS }, fingerprintsSettings.parse({}))
}

/** What the stage writes when three accounts fall silent after hop 0 and two others follow an hour later. */
async function changelog(): Promise<KafkaMessage[]> {
  await codec.prepareTopics([topic])
  const processor = open()
  const messages: KafkaMessage[] = []
  for (const [hop, ...accounts] of [
    [0, 'a', 'b', 'c'],
    [HEAD_HOPS, 'd', 'e'],
  ] as const) {
    const requests = accounts.map((account_id) => ({ ...requestValue(`e-${hop}`, hop * HOP_MS), account_id }))
    const records = { requests: sourceRecords(requests) }
    processor.process({ hop, end_ms: (hop + 1) * HOP_MS, records, late: new Set() })
    for (const { key, value } of processor.drainChanges()) {
      const bytes = value === null ? null : codec.encode(topic, value)
      const offset = String(messages.length)
      messages.push({ key: Buffer.from(key), value: bytes, timestamp: '0', attributes: 0, headers: {}, offset })
    }
  }
  await codec.prepareRecords(messages.map(({ value }) => value))
  return messages
}

test('counts each account once, when its head has been read, and those of the latest blocks at the end', async () => {
  const messages = await changelog()
  const processor = open()
  const restore = new Restore({ codec, topic, partition: 0, processor, low: 0, high: messages.length })
  const counted: (number | null)[] = [restore.progress().accounts]
  for (const message of [...messages, ...messages]) {
    restore.apply(message)
    counted.push(restore.progress().accounts)
  }
  expect([...new Set(counted)]).toEqual([0, 1, 2, 3])
  processor.restored()
  expect(restore.progress().accounts).toBe(5)
})

test('a stage that keeps no accounts tells of none, rather than of zero', () => {
  const processor = new LinkageProcessor(linkageSettings.parse({}))
  const restore = new Restore({ codec, topic: 'linkage.state', partition: 0, processor, low: 3, high: 10 })
  expect(restore.progress()).toEqual({ records: 0, bytes: 0, accounts: null, remaining: 7 })
})
