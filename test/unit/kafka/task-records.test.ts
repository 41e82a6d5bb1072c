import { expect, test } from 'vitest'
import { createCodec } from '../../../lib/avro/codec.ts'
import { localSchema } from '../../../lib/avro/record-types.ts'
import { recordBytes } from '../../../lib/kafka/publisher.ts'
import { TaskRecords } from '../../../lib/kafka/task-records.ts'
import { keepRecord } from '../../../lib/stream/kept-record.ts'
import type { DeadLetter } from '../../../schemas/types.ts'

const BROKER_RECORD_BYTES_MAX = 1_048_588

async function deadLetterOf(raw: Buffer) {
  const codec = createCodec({ idOf: async () => 1, schemaById: async () => localSchema('dead-letters') })
  await codec.prepareTopics(['dead-letters'])
  const records = new TaskRecords(codec, '', 1)
  const kept = keepRecord({ key: Buffer.from('acct-1'), value: raw, headers: { trace: Buffer.from('7') } })
  const rejection = { reason: 'bad_avro', detail: 'not a value' }
  records.addDeadLetter('fingerprints', { topic: 'accounts', partition: 0, offset: 7, kept, rejection })
  const [record] = records.all
  if (!record?.value) throw new Error('no dead letter was written')
  await codec.prepareRecords([record.value])
  const letter = codec.decode('dead-letters', record.value).value as DeadLetter
  return { letter, size_bytes: recordBytes(record) }
}

test('a dead letter holds key, headers and bytes as they came', async () => {
  const raw = Buffer.from([1, 2, 3])
  const { letter } = await deadLetterOf(raw)
  expect(letter).toMatchObject({ offset: 7, size_bytes: 3 })
  expect(letter.key?.toString()).toBe('acct-1')
  expect(letter.headers).toEqual([{ name: 'trace', value: Buffer.from('7') }])
  expect(letter.payload?.equals(raw)).toBe(true)
})

test('a dead letter about a record larger than a broker takes is one that a broker takes', async () => {
  const { letter, size_bytes } = await deadLetterOf(Buffer.alloc(2_000_000, 1))
  expect(size_bytes).toBeLessThan(BROKER_RECORD_BYTES_MAX)
  expect(letter).toMatchObject({ offset: 7, size_bytes: 2_000_000, payload: null })
})
