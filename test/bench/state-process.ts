import { parseArgs } from 'node:util'
import { FingerprintsProcessor } from '../../consumers/fingerprints/processor.ts'
import { fingerprintsSettings } from '../../consumers/fingerprints/settings.ts'
import { sketchKeys } from '../../lib/cli/pipeline.ts'
import { settingsSchema } from '../../lib/cli/settings-schema.ts'
import { loadConfig } from '../../lib/ops/config.ts'
import { mixedHops, readModels } from './account-mix.ts'

/** What a process holds after collecting: heap, and buffers outside of it. */
function held_bytes(): number {
  if (!globalThis.gc) throw new Error('start with --expose-gc')
  for (let i = 0; i < 3; i++) globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Measures, in a process of its own, what the state of so many accounts takes. Prints a JSON line per reading. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      accounts: { type: 'string', default: '10000' },
      requests: { type: 'string', default: '5' },
      max: { type: 'string' },
      readings: { type: 'string', default: '1' },
    },
  })
  const accounts = Number(values.accounts)
  const readings = Number(values.readings)
  const config = loadConfig(settingsSchema, { env: {} })
  const models = await readModels(sketchKeys(config))
  const settings = fingerprintsSettings.parse({
    accounts_max: Number(values.max ?? 2 * accounts),
    state_bytes_max: 64e9,
    account_ttl_days: 30,
  })
  const hop_ms = config.hops.length_ms
  const processor = new FingerprintsProcessor({ task: 0, partitions: 1, hop_ms }, settings)
  const before = held_bytes()
  const hops = 48
  const options = { accounts, requestsPerAccount: Number(values.requests), hops, over_hops: 24 * 60 - 30, hop_ms }
  let step = 0
  for (const hop of mixedHops(models, options)) {
    processor.process(hop)
    processor.drainChanges()
    step++
    if (step % Math.floor(hops / readings) !== 0) continue
    const { accounts: kept, requests, state_bytes, evicted_accounts } = processor.counters()
    const bytes = held_bytes() - before
    process.stdout.write(`${JSON.stringify({ kept, requests, bytes, state_bytes, evicted_accounts })}\n`)
  }
}

await main()
