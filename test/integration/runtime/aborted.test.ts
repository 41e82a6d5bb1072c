import { afterEach, expect, test } from 'vitest'
import { readTopic } from '../../../lib/kafka/reader.ts'
import { Harness } from './harness.ts'

const harness = new Harness()
afterEach(() => harness.close())

test('never reads what was aborted, when transactions were open side by side and the first to begin ended last', async () => {
  const cluster = await harness.cluster(1)
  const { kafka, codec, prefix } = cluster
  await codec.prepareTopics(['model-releases'])
  const open = async (name: string) => {
    const producer = kafka.transactionalProducer(`${prefix}aborted.${name}`, 30_000)
    await producer.connect()
    harness.onClose(() => producer.disconnect())
    const transaction = await producer.transaction()
    const write = (...models: string[]) =>
      transaction.send({
        topic: `${prefix}model-releases`,
        messages: models.map((model) => {
          const value = codec.encode('model-releases', { event_time_ms: 0, model, tier: null })
          return { key: model, value, partition: 0 }
        }),
      })
    return { write, commit: () => transaction.commit(), abort: () => transaction.abort() }
  }
  const first = await open('first')
  await first.write('first-1', 'first-2')
  const second = await open('second')
  await second.write('second-1')
  const third = await open('third')
  await third.write('third-1')
  await second.abort()
  await third.commit()
  await first.write('first-3')
  await first.abort()

  const records = await readTopic({ ...cluster, topic: 'model-releases' })
  expect(records.map(({ value }) => value?.model)).toEqual(['third-1'])
})
