import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../../../lib/cli/run-cli.ts'
import { capturedIo } from './captured-io.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hydrawatch-simulate-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

async function simulate(...options: string[]) {
  const io = capturedIo()
  const status = await runCli(['simulate', ...options], io)
  return { status, out: io.out(), err: io.err() }
}

const linesOf = (text: string): object[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object)

describe('hydrawatch simulate', () => {
  const size = ['--accounts', '20', '--days', '0.5', '--seed', '4']

  it('writes the same events to a file, to a gzipped one and to standard output', async () => {
    const paths = { plain: join(folder, 'events.ndjson'), gzipped: join(folder, 'events.ndjson.gz') }
    const labels = ['--labels', join(folder, 'labels.ndjson')]
    const scenario = ['--scenario', 'H3:rate=0.1', 'H12:rate=0.1,instances=2']
    const plain = await simulate(...size, ...scenario, '--out', paths.plain, ...labels)
    expect(plain).toMatchObject({ status: 0, out: '' })
    expect(plain.err).toMatch(/\d+ events of \d+ accounts, 0 of them malicious; \d+ events\/s/)
    await simulate(...size, ...scenario, '--out', paths.gzipped, ...labels)
    const printed = await simulate(...size, ...scenario, '--out', '-', ...labels)
    const events = readFileSync(paths.plain, 'utf8')
    expect(gunzipSync(readFileSync(paths.gzipped)).toString('utf8')).toBe(events)
    expect(printed.out).toBe(events)
    const instances = linesOf(readFileSync(labels[1]!, 'utf8')).map(
      (label) => (label as { instance?: string }).instance,
    )
    expect(new Set(instances.filter((instance) => instance !== undefined))).toEqual(
      new Set(['H3-01', 'H12-01', 'H12-02']),
    )
  })

  it('says in JSON how much it wrote', async () => {
    const files = ['--out', join(folder, 'e.ndjson'), '--labels', join(folder, 'l.ndjson')]
    const { out } = await simulate(...size, ...files, '--json')
    const [summary] = linesOf(out)
    expect(summary).toMatchObject({ accounts: expect.any(Number), malicious: 0 })
    expect(linesOf(readFileSync(join(folder, 'e.ndjson'), 'utf8'))).toHaveLength((summary as { events: number }).events)
  })

  it.each([
    [['--scenario', 'H99'], 'no scenario H99; there are'],
    [['--scenario', 'H3:level=4'], 'level must be 0, 1, 2 or 3'],
    [['--scenario', 'H3:speed=4'], 'there are level, accounts, rate and instances'],
    [['--days', '0'], 'a number above 0'],
    [['--data', '/nowhere'], 'is not a folder'],
  ])('refuses %j and says what is allowed', async (wrong, sentence) => {
    const { status, err } = await simulate(...size, ...wrong, '--out', join(folder, 'e'), '--labels', join(folder, 'l'))
    expect(status).toBe(2)
    expect(err).toContain(sentence)
  })

  it('refuses to write events and labels to one file', async () => {
    const { status, err } = await simulate(...size, '--out', join(folder, 'x'), '--labels', join(folder, 'x'))
    expect(status).toBe(2)
    expect(err).toContain('give each a file of its own')
  })
})
