import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ARRIVAL_DISORDER_MS, type LabelLine, sampleTraffic } from '../../../../producers/sample/traffic.ts'
import { type AuditRow, flattenRecords, meanFields, stumpAucs } from './leak-audit.ts'

interface Event {
  type: 'request' | 'account' | 'outcome'
  event_id: string
  event_time: string
  end_time?: string
  account_id: string
  org_id?: string
  payment_fingerprint?: string | null
  params?: { logit_bias_ids?: number[]; max_tokens?: number }
  content?: { messages: { role: string; content: string }[] }
}

const SEED = 1
const traffic = sampleTraffic({ seed: SEED })
const events = [...traffic.events] as Event[]
const labels = new Map([...traffic.labels].map((line) => [line.account_id, line]))
const requests = events.filter(({ type }) => type === 'request')
const accounts = events.filter(({ type }) => type === 'account')

const truth = ({ account_id }: Event): LabelLine => labels.get(account_id)!
const ofCampaign = (id: string | null) => requests.filter((event) => truth(event).campaign_id === id)

function digest(...streams: Iterable<object>[]): string {
  const hash = createHash('sha256')
  for (const stream of streams) for (const record of stream) hash.update(JSON.stringify(record))
  return hash.digest('hex')
}

describe('the sample traffic', () => {
  it('is the same to the byte for the same seed, and another for another', () => {
    const first = digest(events, labels.values())
    const again = sampleTraffic({ seed: SEED })
    expect(digest(again.events, again.labels)).toBe(first)
    const other = sampleTraffic({ seed: SEED + 1 })
    expect(digest(other.events, other.labels)).not.toBe(first)
  })

  it('gives every event its own id', () => {
    expect(new Set(events.map(({ event_id }) => event_id)).size).toBe(events.length)
  })

  it('arrives in the order of end_time but for a few seconds', () => {
    let latest_ms = 0
    let late_ms = 0
    for (const { end_time, event_time } of events) {
      const end_ms = Date.parse(end_time ?? event_time)
      late_ms = Math.max(late_ms, latest_ms - end_ms)
      latest_ms = Math.max(latest_ms, end_ms)
    }
    expect(late_ms).toBeGreaterThan(0)
    expect(late_ms).toBeLessThanOrEqual(ARRIVAL_DISORDER_MS)
  })

  it('makes every account known before its first request', () => {
    const known = new Set<string>()
    for (const { type, account_id } of events) {
      if (type === 'account') known.add(account_id)
      else expect(known.has(account_id)).toBe(true)
    }
    expect(accounts).toHaveLength(known.size)
  })

  it('labels every account once, with the time of its first and last request', () => {
    expect(labels.size).toBe(accounts.length)
    const times = new Map<string, string[]>([...labels.keys()].map((account_id) => [account_id, []]))
    for (const { account_id, event_time } of requests) times.get(account_id)!.push(event_time)
    for (const [account_id, line] of labels) {
      const sorted = times.get(account_id)!.toSorted()
      expect([line.first_event, line.last_event]).toEqual([sorted[0] ?? null, sorted.at(-1) ?? null])
    }
  })

  it('is mostly benign: about 600 accounts, and campaigns in at most 6 % of the requests', () => {
    const benign = [...labels.values()].filter(({ label }) => label === 'benign')
    expect(benign.length).toBeGreaterThan(550)
    expect(benign.length).toBeLessThan(700)
    expect(requests.length - ofCampaign('logprob-probe').length).toBeGreaterThan(20_000)
    expect((ofCampaign('hydra').length + ofCampaign('judge').length) / requests.length).toBeLessThan(0.06)
  })

  it('keeps campaign accounts at 5 to 60 requests', () => {
    for (const campaign of ['hydra', 'judge']) {
      const counts = new Map<string, number>()
      for (const { account_id } of ofCampaign(campaign)) counts.set(account_id, (counts.get(account_id) ?? 0) + 1)
      expect(Math.min(...counts.values())).toBeGreaterThanOrEqual(5)
      expect(Math.max(...counts.values())).toBeLessThanOrEqual(60)
    }
  })

  it('spreads each campaign over as many organisations as accounts', () => {
    for (const [campaign, members] of [
      ['hydra', 48],
      ['judge', 20],
    ] as const) {
      const own = accounts.filter((account) => truth(account).campaign_id === campaign)
      expect(own).toHaveLength(members)
      expect(new Set(own.map(({ org_id }) => org_id)).size).toBe(members)
    }
  })

  it('puts the wrapper into seven of ten hydra requests and into nobody else’s', () => {
    const wrapped = (event: Event) => event.content!.messages.some(({ content }) => content.includes('<monologue>'))
    const hydra = ofCampaign('hydra')
    const share = hydra.filter(wrapped).length / hydra.length
    expect(share).toBeGreaterThan(0.6)
    expect(share).toBeLessThan(0.8)
    expect(ofCampaign(null).filter(wrapped)).toEqual([])
    const inTool = hydra.filter(({ content }) =>
      content!.messages.some((m) => m.role === 'tool' && m.content.includes('<monologue>')),
    )
    expect(inTool.length).toBeGreaterThan(hydra.length / 10)
  })

  it('replaces banned heads within three minutes, on instruments of the same campaign', () => {
    const bans = events.filter(({ type }) => type === 'outcome')
    expect(bans).toHaveLength(3)
    const hydra = accounts.filter((account) => truth(account).campaign_id === 'hydra')
    const heads = new Set(hydra.filter((a) => truth(a).role === 'head').map((a) => a.payment_fingerprint))
    expect(heads.size).toBe(6)
    const replacements = hydra.filter((account) => truth(account).role === 'replacement')
    expect(replacements).toHaveLength(3)
    for (const [index, replacement] of replacements.entries()) {
      expect(heads.has(replacement.payment_fingerprint)).toBe(true)
      const waited_ms = Date.parse(truth(replacement).first_event!) - Date.parse(bans[index]!.event_time)
      expect(waited_ms).toBeGreaterThan(0)
      expect(waited_ms).toBeLessThan(180_000)
    }
  })

  it('lets the heads take turns: the next request of a head comes after most others have had theirs', () => {
    const arrivals = ofCampaign('hydra').toSorted((a, b) => (a.event_time < b.event_time ? -1 : 1))
    const rests = arrivals.flatMap(({ account_id }, index) => {
      const earlier = arrivals.slice(0, index).findLastIndex((event) => event.account_id === account_id)
      return earlier === -1 ? [] : [new Set(arrivals.slice(earlier + 1, index).map((event) => event.account_id)).size]
    })
    expect(Math.min(...rests)).toBeGreaterThanOrEqual(10)
  })

  it('sweeps more than 5,000 biased tokens over one body', () => {
    const probes = ofCampaign('logprob-probe')
    const ids = new Set(probes.flatMap(({ params }) => params!.logit_bias_ids ?? []))
    expect(ids.size).toBeGreaterThan(5_000)
    expect(new Set(probes.map(({ content }) => JSON.stringify(content!.messages))).size).toBe(1)
    expect(probes.every(({ params }) => params!.max_tokens === 1)).toBe(true)
  })

  it('holds the look-alikes, each within one organisation', () => {
    for (const scenario of ['eval-farm', 'batch-etl', 'explainability', 'classifier', 'gateway', 'migration']) {
      const own = accounts.filter((account) => truth(account).scenario === scenario)
      expect(own.length, scenario).toBeGreaterThan(0)
      expect(new Set(own.map(({ org_id }) => org_id)).size, scenario).toBe(1)
    }
  })
})

/**
 * field "Leak audit": where one raw field separates the classes, the generator is at fault. The prober is left out: one
 * account whose settings are the offence itself.
 */
describe('no raw field of the sample separates the classes by itself', () => {
  const AUC_MAX = 0.9
  const audited = requests.filter((event) => truth(event).campaign_id !== 'logprob-probe')
  const requestFields = flattenRecords(audited)

  const worst = (rows: AuditRow[]) => stumpAucs(rows).slice(0, 3)

  it('by the value of a single request', () => {
    const rows = audited.map((event, index) => ({
      malicious: truth(event).label === 'malicious',
      fields: requestFields[index]!,
    }))
    const [first] = worst(rows)
    expect(first!.auc, first!.field).toBeLessThanOrEqual(AUC_MAX)
  })

  it('by the mean of an account, its own record included', () => {
    const byAccount = new Map<string, Map<string, number>[]>()
    for (const [index, { account_id }] of audited.entries()) {
      byAccount.set(account_id, [...(byAccount.get(account_id) ?? []), requestFields[index]!])
    }
    const records = accounts.filter((account) => byAccount.has(account.account_id))
    const recordFields = flattenRecords(records)
    const rows = records.map((account, index) => ({
      malicious: truth(account).label === 'malicious',
      fields: new Map([
        ...[...recordFields[index]!].map(([name, value]) => [`account.${name}`, value] as const),
        ...meanFields(byAccount.get(account.account_id)!),
        ['requests', byAccount.get(account.account_id)!.length] as const,
      ]),
    }))
    const [first] = worst(rows)
    expect(first!.auc, first!.field).toBeLessThanOrEqual(AUC_MAX)
  })

  it('and the audit would notice if one did', () => {
    const rows = Array.from({ length: 100 }, (_, index) => ({
      malicious: index % 10 === 0,
      fields: new Map([['leak', Number(index % 10 === 0)]]),
    }))
    expect(worst(rows)[0]).toEqual({ field: 'leak', auc: 1 })
  })
})
