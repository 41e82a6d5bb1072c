import { parseArgs } from 'node:util'
import { PaneBlock } from '../../consumers/fingerprints/pane-block.ts'
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
  // The bytes are those that the processor holds, so that this costs next to nothing.
  const blocks = new Map<string, Buffer>()
  let step = 0
  for (const hop of mixedHops(models, options)) {
    processor.process(hop)
    for (const { key, value } of processor.drainChanges()) {
      const block = value && 'block' in value ? value.block : null
      if (block) blocks.set(key, block.panes)
    }
    step++
    if (step % Math.floor(hops / readings) !== 0) continue
    const { accounts: kept, requests, state_bytes, evicted_accounts } = processor.counters()
    const bytes = held_bytes() - before
    const largest_bytes = largestOf(blocks.values())
    process.stdout.write(`${JSON.stringify({ kept, requests, bytes, state_bytes, evicted_accounts, largest_bytes })}\n`)
  }
}

/** Bytes of all panes of the account that has most. */
function largestOf(blocks: Iterable<Buffer>): number {
  const sizes = new Map<number, number>()
  for (const bytes of blocks) {
    const block = PaneBlock.decode(bytes)
    for (let at = 0; at < block.length; at++) {
      const end = at + 1 < block.length ? block.placeAt(at + 1).begin : bytes.length
      const number = block.numberAt(at)
      sizes.set(number, (sizes.get(number) ?? 0) + end - block.placeAt(at).begin)
    }
  }
  return [...sizes.values()].reduce((largest, size) => Math.max(largest, size), 0)
}

await main()
