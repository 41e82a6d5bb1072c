import { beforeAll, describe, expect, it } from 'vitest'
import { type InputRequest, readRecord } from '../../../producers/intake/contract.ts'
import { ARRIVAL_DISORDER_MS } from '../../../producers/sample/traffic.ts'
import { loadEvents, readSample, type Sample } from '../../bench/load.ts'

const KEYS = {
  content: { epoch: 1, secret: Buffer.alloc(32, 1) },
  infrastructure: { secret: Buffer.alloc(32, 2) },
}
const ACCOUNTS = 2_000
const OPTIONS = { accounts: ACCOUNTS, requests: 20_000, requests_per_s: 250, form: 'sketch' } as const

let sample: Sample
let requests: InputRequest[]

beforeAll(async () => {
  sample = await readSample(1, KEYS)
  requests = requestsOf([...loadEvents(sample, OPTIONS)])
})

describe('the load of the bench', () => {
  it('begins with every account, and each request belongs to one of them', () => {
    const events = [...loadEvents(sample, OPTIONS)]
    const inputs = events.slice(0, ACCOUNTS).map(readRecord)
    const ids = new Set(
      inputs.flatMap((input) => ('type' in input && input.type === 'account' ? [input.record.account_id] : [])),
    )
    expect(ids.size).toBe(ACCOUNTS)
    expect(requests).toHaveLength(OPTIONS.requests)
    expect(requests.filter(({ account_id }) => !ids.has(account_id))).toEqual([])
  })

  it('is the same for the same options', () => {
    const options = { ...OPTIONS, accounts: 50, requests: 200 }
    expect([...loadEvents(sample, options)]).toEqual([...loadEvents(sample, options)])
  })

  it('arrives at the rate asked for, within the disorder of the sample', () => {
    const ends_ms = requests.map(({ end_time }) => Date.parse(end_time ?? ''))
    let latest_ms = 0
    let behind_ms = 0
    for (const end_ms of ends_ms) {
      latest_ms = Math.max(latest_ms, end_ms)
      behind_ms = Math.max(behind_ms, latest_ms - end_ms)
    }
    expect(behind_ms).toBeLessThanOrEqual(ARRIVAL_DISORDER_MS)
    const seconds = (latest_ms - Math.min(...ends_ms)) / 1000
    expect(requests.length / seconds).toBeGreaterThan(230)
    expect(requests.length / seconds).toBeLessThan(255)
  })

  it('sends each event id once', () => {
    expect(new Set(requests.map(({ event_id }) => event_id)).size).toBe(requests.length)
  })

  it('keeps text unique that one organisation wrote, and shares what organisations share', () => {
    const inSample = holdersOf(sample.accounts.flatMap(({ requests }) => requests))
    const inLoad = holdersOf(requests.map((input) => ({ input, sketch: input.sketch })))
    const isShared = (hash: number) => (inSample.get(hash)?.size ?? 0) > 1
    const several = [...inLoad].filter(([, holders]) => holders.size > 1)
    expect(several.filter(([hash]) => !isShared(hash))).toEqual([])
    expect(Math.max(...several.map(([, holders]) => holders.size))).toBeGreaterThan(50)
  })

  it('holds each conversation once: a later round has new prefixes', () => {
    const few = { ...OPTIONS, accounts: 3, requests: 2_000 }
    const bodies = requestsOf([...loadEvents(sample, few)]).flatMap(({ sketch }) => sketch?.body_hash ?? [])
    const inSample = sample.accounts.slice(0, 3).reduce((sum, account) => sum + account.requests.length, 0)
    expect(few.requests).toBeGreaterThan(2 * inSample)
    expect(new Set(bodies).size).toBeGreaterThan(inSample)
  })

  it('carries about a kilobyte of text instead of the sketch when asked to', () => {
    const texts = requestsOf([...loadEvents(sample, { ...OPTIONS, requests: 500, form: 'text' })])
    expect(texts.filter(({ sketch }) => sketch)).toEqual([])
    const mean = texts.reduce((sum, { content }) => sum + JSON.stringify(content).length, 0) / texts.length
    expect(mean).toBeGreaterThan(700)
    expect(mean).toBeLessThan(1_300)
  })
})

function requestsOf(events: object[]): InputRequest[] {
  return events.flatMap((event) => {
    const input = readRecord(event)
    if ('reason' in input) throw new Error(input.detail)
    return input.type === 'request' ? [input.record] : []
  })
}

/** Organisations by the spans they were seen with. */
function holdersOf(
  calls: readonly { input: InputRequest; sketch?: InputRequest['sketch'] }[],
): Map<number, Set<string>> {
  const holders = new Map<number, Set<string>>()
  for (const { input, sketch } of calls) {
    for (const { hash } of sketch?.spans ?? []) {
      const known = holders.get(hash) ?? new Set()
      holders.set(hash, known.add(`${input.org_id}`))
    }
  }
  return holders
}
