import { existsSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { runCli } from '../../../lib/cli/run-cli.ts'
import { campaign, crowd } from '../../helpers/campaigns.ts'
import { hydrawatch, jsonLines, scratch } from '../../helpers/cli.ts'
import { inOrder, request, tick } from '../../helpers/traffic.ts'
import { waitFor } from '../../helpers/wait-for.ts'
import { capturedIo } from './captured-io.ts'

const files = scratch()
const ndjson = (events: readonly object[]) => `${events.map((event) => JSON.stringify(event)).join('\n')}\n`
const text = ndjson(inOrder([...crowd(), ...campaign(), tick(40)]))
const input = files.write('events.ndjson', text)

async function usage(...argv: readonly string[]) {
  const run = await hydrawatch(['replay', '--quiet', ...argv])
  expect(run.err).toMatch(/^hydrawatch: [^\n]+\n$/)
  return run
}

describe('what replay writes', () => {
  it('goes to standard output for -, and is what a file would hold', async () => {
    const toFile = await hydrawatch(['replay', input, '--alerts', files.path('alerts.ndjson')])
    expect(toFile).toMatchObject({ status: 0, out: '' })
    const toStdout = await hydrawatch(['replay', '-', '--alerts', '-'], { stdin: text })
    expect(jsonLines(toStdout.out).length).toBeGreaterThan(0)
    expect(toStdout).toEqual({ status: 0, out: files.read('alerts.ndjson'), err: toFile.err })
  })

  it('never replaces an input', async () => {
    const run = await usage(input, '--alerts', `${files.folder}/../${files.folder.split('/').at(-1)}/events.ndjson`)
    expect(run.status).toBe(2)
    expect(run.err).toContain('events.ndjson')
    expect((await usage(input, '--alerts', files.path('a'), '--dead-letters', input)).status).toBe(2)
    expect(files.read('events.ndjson')).toBe(text)
  })

  it('does not mix alerts with dead letters', async () => {
    const same = files.path('same.ndjson')
    expect((await usage(input, '--alerts', same, '--dead-letters', same)).status).toBe(2)
    expect((await usage(input, '--alerts', '-', '--dead-letters', '-')).status).toBe(2)
    expect((await usage(input, '--alerts', same, '--dead-letters', '-', '--summary')).status).toBe(2)
    expect(existsSync(same)).toBe(false)
  })

  it('leaves the alerts of an earlier run alone when an input is missing', async () => {
    const kept = files.write('kept.ndjson', 'alerts of yesterday\n')
    expect((await usage(input, files.path('nowhere.ndjson'), '--alerts', kept)).status).toBe(2)
    expect(files.read('kept.ndjson')).toBe('alerts of yesterday\n')
  })

  it.runIf(existsSync('/dev/full'))('on a full disk is a failure in one sentence', async () => {
    const run = await usage(input, '--alerts', '/dev/full')
    expect(run.status).toBe(1)
    expect(run.err).toContain("can't write /dev/full")
  })

  it.runIf(existsSync('/dev/full'))('on a full disk that is noticed while reading ends the run', async () => {
    const bad = files.write('bad.ndjson', 'not json\n'.repeat(20_000))
    const run = await usage(bad, '--alerts', files.path('a'), '--dead-letters', '/dev/full')
    expect(run.status).toBe(1)
    expect(run.err).toContain("can't write /dev/full")
  })

  it('names what came too late by its place on the topic, not by a line', async () => {
    const late = request({ account_id: 'late', at: -120 })
    const file = files.write(
      'late.ndjson',
      ndjson([...Array.from({ length: 60 }, (_, i) => tick(i / 10)), late, tick(8)]),
    )
    const run = await hydrawatch(['replay', file, '--alerts', '-', '--dead-letters', files.path('late-dead')])
    expect(run.status).toBe(0)
    expect(run.err).toMatch(/1 input record.*"too_late":1/)
    expect(jsonLines(files.read('late-dead'))).toMatchObject([
      { source: 'requests', offset: 60, line: null, stage: 'fingerprints', reason: 'too_late' },
    ])
  })
})

describe('replay of standard input', () => {
  it('ends when it is interrupted, also while nothing comes', async () => {
    const stdin = new PassThrough()
    const io = Object.assign(capturedIo(), { stdin })
    const status = runCli(['replay', '-', '--alerts', '-'], io)
    stdin.write(`${JSON.stringify(tick(0))}\n`)
    await waitFor('the line to be read', () => stdin.readableLength === 0)
    io.emit('SIGTERM')
    expect(await status).toBe(1)
    expect(io.err()).toBe('hydrawatch: interrupted by SIGTERM\n')
  })
})
