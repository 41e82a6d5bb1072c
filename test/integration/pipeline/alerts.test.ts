import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { SAMPLE_START_MS, sampleTraffic } from '../../../producers/sample/traffic.ts'
import { hydrawatch, jsonLines, scratch } from '../../helpers/cli.ts'
import { type Deployment, openDeployment } from './deployment.ts'

const MINUTE_MS = 60_000
// The first alert of the sample is raised after 37 minutes.
const UNTIL_MS = SAMPLE_START_MS + 75 * MINUTE_MS

const files = scratch()
let expected: string[] = []
let last_ms = 0
let open: Deployment | null = null

beforeAll(async () => {
  const lines: string[] = []
  for (const event of sampleTraffic({ seed: 1, probes: 0 }).events) {
    const { event_time, end_time, type } = event as { event_time: string; end_time?: string; type: string }
    if (Date.parse(event_time) >= UNTIL_MS) continue
    lines.push(JSON.stringify(event))
    if (type === 'request') last_ms = Math.max(last_ms, Date.parse(end_time ?? event_time))
  }
  files.write('events.ndjson', `${lines.join('\n')}\n`)
  const run = await hydrawatch(['replay', files.path('events.ndjson'), '--alerts', files.path('alerts.ndjson')])
  expect(run.status, run.err).toBe(0)
  expected = files.read('alerts.ndjson').trimEnd().split('\n')
})

afterEach(async () => {
  await open?.close()
  open = null
})

describe.each([1, 3])('on %i partitions of Kafka', (partitions) => {
  it('the alerts are byte for byte those of a replay over the same events', async () => {
    open = await openDeployment(partitions)
    const { env } = open
    const produced = await hydrawatch(['produce', files.path('events.ndjson'), '--end-of-input', '--json'], { env })
    expect(produced.status, produced.err).toBe(0)
    await open.passed(last_ms)
    expect(expected.length).toBeGreaterThan(0)
    expect(await open.alertLines()).toEqual(expected)
    expect(await open.deadLetters()).toEqual([])
    const written = jsonLines(produced.out).reduce((sum, { records }) => sum + Number(records), 0)
    expect(written).toBe(files.read('events.ndjson').trimEnd().split('\n').length)
  })
})
