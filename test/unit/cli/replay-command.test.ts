import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { sampleTraffic } from '../../../producers/sample/traffic.ts'
import { hydrawatch, jsonLines, scratch } from '../../helpers/cli.ts'

const files = scratch()
// The first alert of the sample is raised after 37 minutes; 7,000 events are an hour and a half.
const EVENTS = 7_000
const lines: string[] = []
let expected = ''

async function replay(names: readonly string[], more: readonly string[] = [], stdin?: string) {
  const run = await hydrawatch(
    ['replay', ...names, '--alerts', files.path('alerts.ndjson'), '--dead-letters', files.path('dead.ndjson'), ...more],
    stdin === undefined ? {} : { stdin },
  )
  return {
    ...run,
    alerts: run.status === 0 ? files.read('alerts.ndjson') : '',
    dead: run.status === 0 ? jsonLines(files.read('dead.ndjson')) : [],
  }
}

function withLine(at: number, ...inserted: string[]): string {
  return `${[...lines.slice(0, at), ...inserted, ...lines.slice(at)].join('\n')}\n`
}

beforeAll(async () => {
  const { events } = sampleTraffic({ seed: 1, probes: 0 })
  for (const event of events) {
    lines.push(JSON.stringify(event))
    if (lines.length === EVENTS) break
  }
  files.write('events.ndjson', `${lines.join('\n')}\n`)
  const run = await replay([files.path('events.ndjson')])
  expected = run.alerts
})

describe('replay', () => {
  it('raises alerts over good input, and the same bytes again', async () => {
    expect(jsonLines(expected).length).toBeGreaterThan(0)
    const again = await replay([files.path('events.ndjson')])
    expect(again).toMatchObject({ status: 0, dead: [] })
    expect(again.alerts).toBe(expected)
  })

  it('reads several files, gzip and standard input as one stream', async () => {
    const first = files.write('a.ndjson.gz', gzipSync(`${lines.slice(0, 3_000).join('\n')}\n`))
    const rest = `${lines.slice(3_000).join('\n')}\n`
    expect((await replay([first, files.write('b.ndjson', rest)])).alerts).toBe(expected)
    expect((await replay([first, '-'], [], rest)).alerts).toBe(expected)
  })

  it('sets aside lines that are no records and goes on with the same alerts', async () => {
    const request = JSON.parse(lines.find((line) => line.includes('"request"')) ?? '{}') as Record<string, unknown>
    const bad = [
      'not json',
      '[1, 2]',
      JSON.stringify({ ...request, event_id: 'x1', response: { status: 'fine' } }),
      JSON.stringify({ ...request, event_id: 'x2', account_id: undefined }),
      JSON.stringify({ ...request, event_id: 'x3', event_time: 'yesterday' }),
    ]
    const run = await replay([files.write('bad.ndjson', withLine(100, ...bad))])
    expect(run.alerts).toBe(expected)
    expect(run.dead.map(({ line, reason }) => [line, reason])).toEqual([
      [101, 'invalid_json'],
      [102, 'invalid_record'],
      [103, 'invalid_record'],
      [104, 'invalid_record'],
      [105, 'invalid_record'],
    ])
    expect(run.err).toMatch(/5 .*dead letters/)
  })

  it.each([0, 3_500, EVENTS])('lets no absurd time at line %i move the clock', async (at) => {
    const request = JSON.parse(lines.filter((line) => line.includes('"request"')).at(-1) ?? '{}') as {
      event_time: string
    }
    const time = (event_id: string, ms: number) =>
      JSON.stringify({
        ...request,
        event_id,
        event_time: new Date(ms).toISOString(),
        end_time: new Date(ms).toISOString(),
      })
    const ahead = time('week', Date.parse(request.event_time) + 7 * 86_400_000)
    const run = await replay([files.write('absurd.ndjson', withLine(at, time('epoch', 0), ahead))])
    expect(run.dead.map(({ reason }) => reason).sort()).toEqual(['time_ahead', 'time_out_of_range'])
    expect(run.alerts).toBe(expected)
  })

  it('skips a line of 10 MB without holding it', async () => {
    const run = await replay([
      files.write('long.ndjson', withLine(50, `{"type":"request","x":"${'y'.repeat(10 << 20)}"}`)),
    ])
    expect(run.dead.map(({ line, reason }) => [line, reason])).toEqual([[51, 'line_too_long']])
    expect(run.alerts).toBe(expected)
  })

  it('uses what a truncated gzip still holds, and says so', async () => {
    const whole = gzipSync(`${lines.join('\n')}\n`)
    const run = await replay([files.write('cut.ndjson.gz', whole.subarray(0, Math.floor(whole.length / 2)))])
    expect(run.status).toBe(0)
    expect(run.dead.map(({ reason }) => reason)).toContain('truncated_gzip')
  })

  it('drops and counts repeated event ids', async () => {
    const requests = lines.slice(4_000, 4_100).filter((line) => line.includes('"request"'))
    const run = await replay([files.write('twice.ndjson', withLine(4_100, ...requests))], ['--summary', '--json'])
    const repeats = jsonLines(run.out).find(({ stage, counter }) => stage === 'fingerprints' && counter === 'repeats')
    expect(repeats?.count).toBe(requests.length)
    expect(run.alerts).toBe(expected)
  })

  it('says nothing about an empty file', async () => {
    expect(await replay([files.write('empty.ndjson', '')])).toMatchObject({ status: 0, alerts: '', dead: [] })
  })

  it('refuses wrong usage with status 2 and one sentence', async () => {
    const missing = await replay([files.path('nowhere.ndjson')])
    expect(missing.status).toBe(2)
    expect(missing.err).toMatch(/nowhere\.ndjson/)
    const config = files.write('config.yaml', 'hops:\n  lenght_ms: 1000\n')
    const misspelt = await replay([files.path('events.ndjson'), '--config', config])
    expect(misspelt.status).toBe(2)
    expect(misspelt.err).toMatch(/did you mean .*hops\.length_ms/)
    expect((await hydrawatch(['replay', files.path('events.ndjson')])).status).toBe(2)
    const unwritable = await hydrawatch([
      'replay',
      files.path('events.ndjson'),
      '--alerts',
      files.path('no/such/folder'),
    ])
    expect(unwritable.status).not.toBe(0)
    expect(unwritable.err).toMatch(/no\/such\/folder/)
  })
})
