import { parseArgs } from 'node:util'
import { FingerprintsProcessor } from '../../../consumers/fingerprints/processor.ts'
import { fingerprintsSettings } from '../../../consumers/fingerprints/settings.ts'
import { sketchKeys } from '../../../lib/cli/pipeline.ts'
import { settingsSchema } from '../../../lib/cli/settings-schema.ts'
import { loadConfig } from '../../../lib/ops/config.ts'
import { mixedHops, readModels } from './account-mix.ts'
import { AccountSizes, type Sizes } from './account-sizes.ts'

/** One reading of a process whose fingerprints processor has taken part of the hops; a line of JSON. */
export interface StateReading extends Sizes {
  readonly accounts: number
  readonly requests: number
  /** Heap and buffers outside of it, collected, less what they were before the first hop. */
  readonly held_bytes: number
  readonly rss_bytes: number
  /** What the processor counts against `fingerprints.state_bytes_max`. */
  readonly state_bytes: number
}

/** Gives the processor the hops of a mix, and says now and then what the process holds. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      accounts: { type: 'string' },
      alive: { type: 'string' },
      requests: { type: 'string' },
      hops: { type: 'string' },
      days: { type: 'string' },
      max: { type: 'string' },
      readings: { type: 'string' },
    },
  })
  const number = (name: keyof typeof values) => Number(values[name])
  const config = loadConfig(settingsSchema, { env: {} })
  const { length_ms: hop_ms } = config.hops
  const models = await readModels(sketchKeys(config))
  const accounts_max = number('max')
  const settings = fingerprintsSettings.parse({ accounts_max, state_bytes_max: Number.MAX_SAFE_INTEGER })
  const processor = new FingerprintsProcessor({ task: 0, partitions: 1, hop_ms }, settings)
  const sizes = new AccountSizes(2 * accounts_max)
  const before_bytes = held_bytes()
  const hops = number('hops')
  const perReading = Math.floor(hops / number('readings'))
  const over_hops = Math.floor((number('days') * 86_400_000) / hop_ms)
  const requestsPerAccount = number('requests')
  const mix = { accounts: number('accounts'), alive: number('alive'), requestsPerAccount, hops, over_hops, hop_ms }
  let step = 0
  for (const hop of mixedHops(models, mix)) {
    processor.process(hop)
    sizes.take(processor.drainChanges())
    step++
    if (step % perReading !== 0) continue
    const { accounts = 0, requests = 0, state_bytes = 0 } = processor.counters()
    const held = held_bytes() - before_bytes
    const { rss: rss_bytes } = process.memoryUsage()
    const reading: StateReading = { accounts, requests, held_bytes: held, rss_bytes, state_bytes, ...sizes.largest() }
    process.stdout.write(`${JSON.stringify(reading)}\n`)
  }
}

function held_bytes(): number {
  if (!globalThis.gc) throw new Error('start with --expose-gc')
  // What one collection frees of external memory, the next one counts.
  for (let round = 0; round < 3; round++) globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

await main()
