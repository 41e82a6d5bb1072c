import { createRequire } from 'node:module'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { writeFaster } from '../../../lib/kafka/kafkajs-encoder.ts'

const require = createRequire(import.meta.url)

interface Message {
  readonly offsetDelta: number
  readonly timestampDelta: number
  readonly key: string
  readonly value: Buffer | null
  readonly headers: Record<string, string>
}

interface Written {
  readonly buffer: Buffer
}

type RecordBatch = (batch: object) => Promise<Written>

test('record batches are written byte for byte as kafkajs writes them', async () => {
  const record: (message: Message) => Written = require('kafkajs/src/protocol/recordBatch/record/v0/index.js')
  const batches: { RecordBatch: RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js')
  const batchOf = async (messages: readonly Message[]) =>
    (
      await batches.RecordBatch({
        records: messages.map(record),
        firstTimestamp: 1_772_438_388_167,
        maxTimestamp: 1_772_438_399_000,
        lastOffsetDelta: messages.length - 1,
        transactional: true,
      })
    ).buffer
  const message = fc.record({
    offsetDelta: fc.nat(100_000),
    timestampDelta: fc.oneof(fc.constant(0), fc.integer(), fc.maxSafeInteger()),
    key: fc.string({ maxLength: 300 }),
    value: fc.option(fc.uint8Array({ maxLength: 3_000 }).map((bytes) => Buffer.from(bytes))),
    headers: fc.dictionary(fc.string({ minLength: 1 }), fc.string()),
  })
  const samples = fc.sample(fc.array(message, { minLength: 1, maxLength: 40 }), { numRuns: 100, seed: 1 })
  const before = await Promise.all(samples.map(batchOf))
  const missed: string[] = []
  writeFaster((what) => missed.push(what))
  expect(missed).toEqual([])
  for (const [index, sample] of samples.entries()) expect(await batchOf(sample)).toEqual(before[index])
})
