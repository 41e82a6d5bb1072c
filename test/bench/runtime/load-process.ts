import { setTimeout as after } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { feed, PRODUCED_TOPICS } from '../../../lib/cli/feed.ts'
import { sketchKeys } from '../../../lib/cli/pipeline.ts'
import { settingsSchema } from '../../../lib/cli/settings-schema.ts'
import { keyPartition } from '../../../lib/kafka/key-partition.ts'
import { openPublisher, sendRecords } from '../../../lib/kafka/publisher.ts'
import { loadConfig } from '../../../lib/ops/config.ts'
import { type IntakeItem, intake } from '../../../producers/intake/intake.ts'
import { ARRIVAL_DISORDER_MS } from '../../../producers/sample/traffic.ts'
import { connectBench } from '../bench-cluster.ts'
import { loadEvents, ndjson, readSample } from '../load.ts'
import { sayLine } from './child.ts'
import { PreparedRecords } from './prepared-records.ts'

/**
 * Lines of JSON: `begun_ms` when everything has been prepared and the first request is about to be due, then `lag_ms` at the
 * end: how far it was behind at the worst, the first `--quiet_s` left out.
 */
export type LoadLine = { readonly begun_ms: number } | { readonly lag_ms: number }

const SEED = 1
const TICK_MS = 50
// More than the machine takes: requests are stamped with the times of later, and must be ready by then.
const PREPARATION_US_PER_REQUEST = 150
const PREPARATION_MS_MIN = 5_000

/**
 * Writes requests at a steady rate, each at the moment that it says it ended, as gateways do. They are made, sketched and encoded
 * before the first one is due: on a machine with few cores the load would otherwise take from the stages what they are
 * measured by.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      broker: { type: 'string' },
      registry: { type: 'string' },
      partitions: { type: 'string' },
      accounts: { type: 'string' },
      rate: { type: 'string' },
      seconds: { type: 'string' },
      quiet_s: { type: 'string' },
    },
  })
  const { broker = '', registry = '' } = values
  const partitions = Number(values.partitions)
  const accounts = Number(values.accounts)
  const requests_per_s = Number(values.rate)
  const quiet_ms = 1_000 * Number(values.quiet_s)
  const requests = requests_per_s * Number(values.seconds)
  const keys = sketchKeys(loadConfig(settingsSchema, { env: {} }))
  const sample = await readSample(SEED, keys)
  const { kafka, codec, prefix } = connectBench({ broker, registry })
  const itemsOf = (events: Iterable<object>): AsyncIterable<IntakeItem[]> =>
    intake(['-'], { keys, stdin: ndjson(events) })

  const load = { accounts, requests, requests_per_s, form: 'sketch' as const }
  const publisher = await openPublisher({ kafka, codec, prefix, partitions, topics: PRODUCED_TOPICS })
  await feed(itemsOf(take(loadEvents(sample, { ...load, start_ms: Date.now() }), accounts)), publisher, () => undefined)
  await publisher.close()

  const start_ms = Date.now() + PREPARATION_MS_MIN + (PREPARATION_US_PER_REQUEST * requests) / 1_000
  const events = loadEvents(sample, { ...load, start_ms })
  for (const _ of take(events, accounts));
  const records = new PreparedRecords(`${prefix}requests`)
  for await (const items of itemsOf(take(events, requests))) {
    for (const item of items) {
      if (item.kind !== 'record' || item.record.topic !== 'requests')
        throw new Error('the load has something else than requests')
      const { key, value } = item.record
      records.add(key, keyPartition(key, partitions), codec.encode('requests', value))
    }
  }
  if (Date.now() > start_ms) throw new Error(`the requests were not ready in time: ${Date.now() - start_ms} ms late`)
  await after(start_ms - Date.now())
  sayLine<LoadLine>({ begun_ms: start_ms })

  const producer = kafka.idempotentProducer()
  await producer.connect()
  let lag_ms = 0
  let written = 0
  while (written < requests) {
    // An event is written when the latest moment that it may say it ended has come.
    const due = Math.floor(((Date.now() - start_ms - ARRIVAL_DISORDER_MS) / 1_000) * requests_per_s)
    const until = Math.min(requests, Math.max(written, due))
    await sendRecords(producer, records.slice(written, until))
    written = until
    const elapsed_ms = Date.now() - start_ms
    const late_ms = elapsed_ms - ARRIVAL_DISORDER_MS - (1_000 * written) / requests_per_s
    if (elapsed_ms > quiet_ms) lag_ms = Math.max(lag_ms, late_ms)
    await after(TICK_MS)
  }
  await producer.disconnect()
  sayLine<LoadLine>({ lag_ms })
}

/** The next `count` events; the rest stay. */
function* take(events: Iterator<object>, count: number): Generator<object> {
  for (let left = count; left > 0; left--) {
    const { value, done } = events.next()
    if (done) return
    yield value
  }
}

await main()
