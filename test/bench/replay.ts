import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { sketchKeys, stagesOf } from '../../lib/cli/pipeline.ts'
import type { Config } from '../../lib/cli/settings-schema.ts'
import { Driver } from '../../lib/stream/driver.ts'
import { intake } from '../../producers/intake/intake.ts'
import { type Measured, startClock } from './measure.ts'

const LINES_PER_WRITE = 1_000

/** Writes events as NDJSON. */
export async function writeEvents(path: string, events: Iterable<object>): Promise<void> {
  const file = createWriteStream(path)
  let lines: string[] = []
  const flush = async () => {
    if (!file.write(lines.map((line) => `${line}\n`).join(''))) await once(file, 'drain')
    lines = []
  }
  for (const event of events) {
    lines.push(JSON.stringify(event))
    if (lines.length === LINES_PER_WRITE) await flush()
  }
  await flush()
  file.end()
  await finished(file)
}

/** The whole pipeline over a file, as `hydrawatch replay` runs it; counts the requests. */
export async function replayFile(path: string, config: Config): Promise<Measured & { readonly alerts: number }> {
  let requests = 0
  let alerts = 0
  const driver = new Driver({
    stages: stagesOf(config),
    partitions: 1,
    hops: config.hops,
    onOutput(_stage, { topic, value }) {
      if (topic === 'alerts' && value !== null) alerts++
    },
  })
  const stopClock = startClock()
  for await (const items of intake([path], { keys: sketchKeys(config) })) {
    for (const item of items) {
      if (item.kind === 'reject') throw new Error(`the load has an event that the intake refuses: ${item.detail}`)
      if (item.record.topic === 'requests') requests++
      driver.pipe(item.record.topic, item.record.key, item.record.value)
    }
  }
  driver.finish()
  return { ...stopClock(requests), alerts }
}
