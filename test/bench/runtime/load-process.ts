import { setTimeout as after } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { feed, PRODUCED_TOPICS } from '../../../lib/cli/feed.ts'
import { sketchKeys } from '../../../lib/cli/pipeline.ts'
import { settingsSchema } from '../../../lib/cli/settings-schema.ts'
import { openPublisher } from '../../../lib/kafka/publisher.ts'
import { loadConfig } from '../../../lib/ops/config.ts'
import { intake } from '../../../producers/intake/intake.ts'
import { ARRIVAL_DISORDER_MS } from '../../../producers/sample/traffic.ts'
import { connectBench } from '../bench-cluster.ts'
import { loadEvents, ndjson, readSample } from '../load.ts'
import { sayLine } from './child.ts'

/**
 * Lines of JSON: `begun_ms` when the accounts are known and the first request is due, then `lag_ms` at the end: how far it was
 * behind at the worst, the first `--quiet_s` left out.
 */
export type LoadLine = { readonly begun_ms: number } | { readonly lag_ms: number }

const SEED = 1
const TICK_MS = 20

/** Writes requests at a steady rate, each at the moment that it says it ended, as gateways do. */
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
  const accounts = Number(values.accounts)
  const requests_per_s = Number(values.rate)
  const quiet_ms = 1_000 * Number(values.quiet_s)
  const requests = requests_per_s * Number(values.seconds)
  const keys = sketchKeys(loadConfig(settingsSchema, { env: {} }))
  const sample = await readSample(SEED, keys)
  const publisher = await openPublisher({
    ...connectBench({ broker, registry }),
    partitions: Number(values.partitions),
    topics: PRODUCED_TOPICS,
  })
  let lag_ms = 0
  try {
    const write = (events: Iterable<object>) =>
      feed(intake(['-'], { keys, stdin: ndjson(events) }), publisher, () => undefined)
    const load = { accounts, requests, requests_per_s, form: 'sketch' as const }
    await write(take(loadEvents(sample, { ...load, start_ms: Date.now() }), accounts))
    const begun_ms = Date.now()
    sayLine<LoadLine>({ begun_ms })
    const events = loadEvents(sample, { ...load, start_ms: begun_ms })
    for (const _ of take(events, accounts));
    let written = 0
    while (written < requests) {
      // An event is written when the latest moment that it may say it ended has come.
      const due = Math.min(
        requests,
        Math.floor(((Date.now() - begun_ms - ARRIVAL_DISORDER_MS) / 1_000) * requests_per_s),
      )
      if (due > written) await write(take(events, due - written))
      written = Math.max(written, due)
      const late_ms = Date.now() - begun_ms - ARRIVAL_DISORDER_MS - (1_000 * written) / requests_per_s
      if (Date.now() - begun_ms > quiet_ms) lag_ms = Math.max(lag_ms, late_ms)
      await after(TICK_MS)
    }
  } finally {
    await publisher.close()
  }
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
