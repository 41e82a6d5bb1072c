import { describe, expect, it } from 'vitest'
import { bodyOf, type RequestRecord, type Run, runWhole } from './records.ts'

const HOUR_MS = 3_600_000

/** One instance by itself: what it does must show in the records, without a look at the labels. */
function alone(name: string, changes: { accounts?: number; rate?: number; days?: number } = {}): Run {
  const { days = 2, ...choice } = changes
  return runWhole({ seed: 11, days, accounts: 0, scenarios: [{ name, ...choice }] })
}

const distinct = <T>(items: Iterable<T>): number => new Set(items).size
const time_ms = ({ event_time }: RequestRecord): number => Date.parse(event_time)

/** Calls that were sent again on another account within 15 s of an error, with the same body. */
function failovers(requests: readonly RequestRecord[]): { from: RequestRecord; to: RequestRecord }[] {
  const failed = requests.filter(({ response }) => response.status !== 200)
  return failed.flatMap((from) => {
    const to = requests.find(
      (other) =>
        other.account_id !== from.account_id &&
        time_ms(other) >= time_ms(from) &&
        time_ms(other) - time_ms(from) < 15_000 &&
        bodyOf(other) === bodyOf(from),
    )
    return to === undefined ? [] : [{ from, to }]
  })
}

/** Share of calls that stay with the account of the call before. */
function repeats(requests: readonly RequestRecord[]): number {
  const ordered = requests.toSorted((a, b) => time_ms(a) - time_ms(b))
  return (
    ordered.filter((request, index) => ordered[index - 1]?.account_id === request.account_id).length / ordered.length
  )
}

describe('hard negatives', () => {
  it('H1 sends whole benchmarks to the new model on its day, tasks of code several times', () => {
    const { requests, released, released_ms } = alone('H1')
    const onRelease = requests.filter(({ request_model }) => request_model === released)
    expect(onRelease.length).toBeGreaterThan(500)
    for (const request of onRelease) expect(time_ms(request) - released_ms).toBeLessThan(24 * HOUR_MS)
    const samples = new Map<string, number>()
    for (const request of onRelease)
      if (request.response.status === 200) samples.set(bodyOf(request), (samples.get(bodyOf(request)) ?? 0) + 1)
    expect([...samples.values()].filter((count) => count >= 4).length).toBeGreaterThan(50)
  })

  it('H2 has a class behind one address send one assignment in one hour', () => {
    const { requests, accounts } = alone('H2', { accounts: 60 })
    expect(distinct(accounts.map(({ org_id }) => org_id))).toBe(60)
    expect(new Set(accounts.map(({ programme }) => programme))).toEqual(new Set(['education']))
    const opening = mostCommon(requests.map((request) => bodyOf(request).slice(0, 60)))
    const lesson = requests.filter((request) => bodyOf(request).startsWith(opening))
    expect(distinct(lesson.map(({ account_id }) => account_id))).toBeGreaterThan(40)
    expect(distinct(lesson.map(({ client }) => client.ip))).toBe(1)
    expect(Math.max(...lesson.map(time_ms)) - Math.min(...lesson.map(time_ms))).toBeLessThan(1.5 * HOUR_MS)
  })

  it('H3 works day and night on rows of one table', () => {
    const { requests } = alone('H3', { accounts: 1 })
    expect(distinct(requests.map((request) => Math.floor(time_ms(request) / HOUR_MS)))).toBeGreaterThan(40)
    expect(distinct(requests.map(({ content }) => content.messages.length))).toBe(1)
  })

  it('H4 rotates over its keys, fails over, and says nothing of whom it serves', () => {
    const { requests, accounts } = alone('H4', { accounts: 6 })
    expect(distinct(accounts.map(({ org_id }) => org_id))).toBe(1)
    expect(requests.every(({ session_id, end_user_id }) => session_id === null && end_user_id === null)).toBe(true)
    expect(repeats(requests)).toBeLessThan(0.05)
    expect(failovers(requests).length).toBeGreaterThan(5)
    expect(distinct(requests.map(({ content }) => content.system))).toBeGreaterThan(100)
  })

  it('H5 has one key call from ever new addresses', () => {
    const { requests } = alone('H5')
    expect(distinct(requests.map(({ account_id }) => account_id))).toBe(1)
    expect(distinct(requests.map(({ client }) => client.ip))).toBeGreaterThan(8)
  })

  it('H6 puts strangers with ways of their own behind one address', () => {
    const { requests } = alone('H6', { accounts: 80 })
    expect(distinct(requests.map(({ client }) => client.ip))).toBe(1)
    expect(distinct(requests.map(({ org_id }) => org_id))).toBeGreaterThan(40)
    expect(distinct(requests.map(({ client }) => client.user_agent))).toBeGreaterThan(20)
  })

  it('H7 rotates, fails over and presents signatures as a relay does, on the keys of one organisation', () => {
    const { requests, accounts } = alone('H7', { accounts: 8 })
    expect(distinct(accounts.map(({ org_id }) => org_id))).toBe(1)
    expect(distinct(accounts.map(({ payment_fingerprint }) => payment_fingerprint))).toBe(1)
    expect(failovers(requests).length).toBeGreaterThan(3)
    expect(repeats(requests)).toBeLessThan(1 / 4)
    const owner = new Map(requests.flatMap((r) => r.response.reasoning_signatures.map((s) => [s, r.account_id])))
    const foreign = requests.filter((r) => r.content.reasoning_signatures.some((s) => owner.get(s) !== r.account_id))
    expect(foreign.length).toBeGreaterThan(0)
  })

  it('H8 has new accounts of strangers at their ceiling within a day', () => {
    const { requests, accounts } = alone('H8', { accounts: 30, days: 4 })
    const created = accounts.map(({ created_at }) => Date.parse(created_at))
    expect(Math.max(...created) - Math.min(...created)).toBeLessThan(24 * HOUR_MS)
    expect(distinct(accounts.map(({ org_id }) => org_id))).toBe(30)
    const atCeiling = accounts.filter(({ account_id, monthly_quota_tokens }) => {
      const own = requests.filter((request) => request.account_id === account_id)
      return (
        own.reduce((sum, { usage }) => sum + usage.input_tokens + usage.output_tokens, 0) > monthly_quota_tokens / 30
      )
    })
    expect(atCeiling.length).toBeGreaterThan(15)
  })

  it('H9 grades, and is refused in many wordings', () => {
    const { requests } = alone('H9')
    const refused = requests.filter(({ response }) => response.refused)
    expect(refused.length).toBeGreaterThan(50)
    expect(distinct(refused.map(bodyOf))).toBe(refused.length)
    expect(requests.filter(({ content }) => content.output.includes('Rating: [[')).length).toBeGreaterThan(200)
  })

  it('H10 and H11 ask for reasoning in every call, one of them with a contract for it', () => {
    const distillation = alone('H10')
    expect(
      distillation.accounts.every(({ contract_flags }) => contract_flags.includes('authorised_distillation')),
    ).toBe(true)
    expect(distillation.requests.every((request) => bodyOf(request).includes('complete reasoning'))).toBe(true)
    const audit = alone('H11')
    expect(audit.accounts.every(({ contract_flags }) => contract_flags.length === 0)).toBe(true)
    expect(audit.requests.every((request) => bodyOf(request).includes('step by step'))).toBe(true)
    expect(distinct(audit.requests.map(bodyOf))).toBeGreaterThan(100)
  })

  it('H12 moves its work to a key that is minutes old', () => {
    const { requests, accounts } = alone('H12')
    const [old, fresh] = accounts.toSorted((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at))
    const firstOf = (account_id: string) =>
      Math.min(...requests.filter((request) => request.account_id === account_id).map(time_ms))
    const lastOf = (account_id: string) =>
      Math.max(...requests.filter((request) => request.account_id === account_id).map(time_ms))
    expect(firstOf(fresh!.account_id) - Date.parse(fresh!.created_at)).toBeLessThan(3 * HOUR_MS)
    expect(lastOf(old!.account_id) - firstOf(fresh!.account_id)).toBeLessThan(2 * HOUR_MS)
    expect(old!.org_id).toBe(fresh!.org_id)
  })

  it('H13 has strangers old and new take up one prompt, one client and the new model within a day', () => {
    const { requests, accounts, released, released_ms } = alone('H13', { accounts: 60, days: 4 })
    const adopted = requests.filter(({ client }) => client.sdk === 'skiff')
    const firsts = new Map<string, number>()
    for (const request of adopted.toSorted((a, b) => time_ms(a) - time_ms(b)))
      if (!firsts.has(request.account_id)) firsts.set(request.account_id, time_ms(request))
    expect(firsts.size).toBeGreaterThan(50)
    for (const first_ms of firsts.values()) expect(first_ms - released_ms).toBeLessThan(25 * HOUR_MS)
    expect(distinct(adopted.map(({ client }) => client.user_agent))).toBe(1)
    expect(adopted.filter(({ request_model }) => request_model === released).length / adopted.length).toBeGreaterThan(
      0.85,
    )
    const agent = adopted.filter(({ params }) => params.tool_set_hash !== undefined)
    expect(distinct(agent.map(({ params }) => params.tool_set_hash))).toBeLessThan(4)
    expect(accounts.filter(({ created_at }) => Date.parse(created_at) > released_ms).length).toBeGreaterThan(10)
  })

  it("H14 sends unrelated organisations' calls through one egress, and again on another's key when they fail", () => {
    const { requests, accounts } = alone('H14', { accounts: 20, rate: 3 })
    expect(distinct(requests.map(({ client }) => client.ip))).toBe(2)
    expect(distinct(accounts.map(({ org_id }) => org_id))).toBeGreaterThan(15)
    const hops = failovers(requests)
    expect(hops.some(({ from, to }) => from.org_id !== to.org_id)).toBe(true)
  })
})

function mostCommon(texts: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return [...counts].reduce((a, b) => (b[1] > a[1] ? b : a))[0]
}
