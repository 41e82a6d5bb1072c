import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { hydrawatch, jsonLines, scratch } from '../../helpers/cli.ts'

interface Row {
  readonly field: string
  readonly stump: string
  readonly auc: number
  readonly verdict: string
}

const ACCOUNTS = 40

/** Forty accounts of which every other one is a campaign's; `maxTokens` is what its requests say. */
function traffic(maxTokens: (malicious: boolean, number: number) => number, level = 1) {
  const accounts = Array.from({ length: ACCOUNTS }, (_, index) => ({
    account_id: `acct-${(index * 7_919) % 1_000}`,
    isMalicious: index % 2 === 1,
  }))
  const events = accounts.flatMap(({ account_id, isMalicious }, index) =>
    [0, 1, 2, 3].map((call) => ({
      type: 'request',
      event_id: `${account_id}-${call}`,
      event_time: `2026-03-02T08:${String(10 + ((index * 3 + call * 11) % 40))}:00.000Z`,
      account_id,
      request_model: 'm',
      params: { max_tokens: maxTokens(isMalicious, index + call) },
      response: { status: 200, latency_ms: 1000 },
    })),
  )
  const labels = accounts.map(({ account_id, isMalicious }) => ({
    account_id,
    label: isMalicious ? 'malicious' : 'benign',
    campaign_id: isMalicious ? 'X' : null,
    role: 'member',
    scenario: isMalicious ? 'M1' : 'backbone',
    first_event: null,
    last_event: null,
    level: isMalicious ? level : null,
  }))
  const ndjson = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('')
  return { events: ndjson(events), labels: ndjson(labels) }
}

const GIVEN_AWAY = (isMalicious: boolean) => (isMalicious ? 777 : 1_024)

describe('hydrawatch leak-audit', () => {
  it('ends with 0 and shows nothing where no field tells campaigns from others', async () => {
    const { write } = scratch()
    const { events, labels } = traffic((_, number) => [256, 1_024][number % 2]!)
    const run = await hydrawatch([
      ...['leak-audit', '--json'],
      ...['--events', write('events.ndjson', events), '--labels', write('labels.ndjson', labels)],
    ])
    expect(run.status).toBe(0)
    expect(jsonLines<Row>(run.out)).toEqual([])
  })

  it('names the field that gives a campaign away, and fails', async () => {
    const { write } = scratch()
    const { events, labels } = traffic(GIVEN_AWAY)
    const run = await hydrawatch([
      ...['leak-audit', '--json'],
      ...['--events', write('events.ndjson', events), '--labels', write('labels.ndjson', labels)],
    ])
    expect(run.status).toBe(1)
    expect(run.err).toContain('M1 L1 params.max_tokens')
    const leaks = jsonLines<Row>(run.out).filter(({ verdict }) => verdict === 'leak')
    expect(new Set(leaks.map(({ field }) => field))).toEqual(new Set(['params.max_tokens']))
  })

  it('does not hold it against a campaign that does not hide', async () => {
    const { write } = scratch()
    const { events, labels } = traffic(GIVEN_AWAY, 0)
    const run = await hydrawatch([
      ...['leak-audit', '--json'],
      ...['--events', write('events.ndjson', events), '--labels', write('labels.ndjson', labels)],
    ])
    expect(run.status).toBe(0)
    expect(jsonLines<Row>(run.out).map(({ verdict }) => verdict)).toContain('separates')
  })

  it('says the same of a file, of a gzipped one and of standard input', async () => {
    const { write } = scratch()
    const { events, labels } = traffic(GIVEN_AWAY)
    const rest = ['--all', '--json', '--labels', write('labels.ndjson', labels)]
    const plain = await hydrawatch(['leak-audit', '--events', write('events.ndjson', events), ...rest])
    const gzipped = await hydrawatch(['leak-audit', '--events', write('events.ndjson.gz', gzipSync(events)), ...rest])
    const piped = await hydrawatch(['leak-audit', '--events', '-', ...rest], { stdin: events })
    expect(jsonLines(plain.out).length).toBeGreaterThan(5)
    expect(gzipped.out).toBe(plain.out)
    expect(piped.out).toBe(plain.out)
  })

  it('says how many lines and accounts it could not use', async () => {
    const { write } = scratch()
    const { events, labels } = traffic((_, number) => [256, 1_024][number % 2]!)
    const [, ...known] = labels.split('\n')
    const run = await hydrawatch([
      'leak-audit',
      ...['--events', write('events.ndjson', `${events}not json\n`)],
      ...['--labels', write('labels.ndjson', known.join('\n'))],
    ])
    expect(run.err).toContain('1 lines are no JSON objects')
    expect(run.err).toContain('4 records of accounts without a label')
  })

  it('names the label that it can not read', async () => {
    const { write } = scratch()
    const { events } = traffic((_, number) => number)
    const labels = write('labels.ndjson', '{"account_id":"a","label":"odd"}\n')
    const run = await hydrawatch(['leak-audit', '--events', write('events.ndjson', events), '--labels', labels])
    expect(run.status).toBe(1)
    expect(run.err).toContain('labels.ndjson')
  })
})
