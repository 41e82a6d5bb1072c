import { sampleIntake } from '../../../lib/cli/demo/sample-intake.ts'
import type { SketchKeys } from '../../../lib/sketch/request-sketch.ts'
import type { HopInput } from '../../../lib/stream/processor.ts'
import { SourceValues } from '../../../lib/stream/source-values.ts'
import { createRandom } from '../../../producers/sample/random.ts'
import { sampleTraffic } from '../../../producers/sample/traffic.ts'
import type { Account, Request } from '../../../schemas/types.ts'

export interface MixOptions {
  /** In all; they come evenly over the hops. */
  readonly accounts: number
  /** Of which so many send, the newest ones. */
  readonly alive: number
  /** Requests on the average; each account sends one, the others are dealt by Zipf's law (exponent 1). */
  readonly requestsPerAccount: number
  /** Hops that have requests, spread evenly over `over_hops`. */
  readonly hops: number
  readonly over_hops: number
  readonly hop_ms: number
}

const FIRST_HOP = 29_540_000
const PROBES = 200
const EULER = 0.577

/** An account of the sample with its requests, as stage 1 reads them. */
interface Model {
  readonly account: Account
  readonly requests: readonly Request[]
}

/** Takes some seconds. */
export async function readModels(keys: SketchKeys): Promise<Model[]> {
  const models = new Map<string, { account: Account | null; requests: Request[] }>()
  for await (const items of sampleIntake(sampleTraffic({ seed: 1, probes: PROBES }).events, keys, () => undefined)) {
    for (const item of items) {
      if (item.kind !== 'record') continue
      const { topic, key, value } = item.record
      const model = models.get(key) ?? { account: null, requests: [] }
      models.set(key, model)
      if (topic === 'accounts') model.account = value
      if (topic === 'requests') model.requests.push(value)
    }
  }
  return [...models.values()].flatMap(({ account, requests }) =>
    account && requests.length > 0 ? [{ account, requests }] : [],
  )
}

/**
 * Hops of traffic of many accounts, which are copies of the models and send their requests in turn: few send most of it,
 * most send little. The same options give the same hops.
 */
export function* mixedHops(models: readonly Model[], options: MixOptions): Generator<HopInput> {
  const { accounts, alive, requestsPerAccount, hops, over_hops, hop_ms } = options
  const random = createRandom('mix')
  const turns = new Uint32Array(accounts)
  const perHop = Math.ceil((accounts * requestsPerAccount) / hops)
  const newPerHop = Math.ceil(accounts / hops)
  let known = 0
  for (let step = 0; step < hops; step++) {
    const hop = FIRST_HOP + Math.floor((step * over_hops) / hops)
    const end_ms = (hop + 1) * hop_ms
    const requests = new SourceValues<Request>()
    const joined: Account[] = []
    const send = (index: number) => {
      const { account, requests: own } = models[index % models.length]!
      const turn = turns[index]!
      turns[index] = turn + 1
      const time_ms = hop * hop_ms + Math.floor(random.unit() * hop_ms)
      const account_id = `${account.account_id}-${index}`
      const request = own[turn % own.length]!
      const value = { ...request, account_id, event_id: `e-${turn}`, event_time_ms: time_ms, end_time_ms: time_ms }
      requests.add(value, { packed: null })
    }
    for (; known < Math.min(accounts, (step + 1) * newPerHop); known++) {
      const { account } = models[known % models.length]!
      joined.push({ ...account, account_id: `${account.account_id}-${known}`, event_time_ms: hop * hop_ms })
      send(known)
    }
    const first = Math.max(0, known - alive)
    while (requests.length < perHop) send(first + zipf(known - first, random.unit()))
    yield { hop, end_ms, records: { requests, accounts: joined }, late: new Set() }
  }
}

/** A place from 0 to `places` - 1, the first the likeliest: the inverse of the distribution function, which is all but logarithmic. */
function zipf(places: number, unit: number): number {
  return Math.floor(Math.exp(unit * (Math.log(places) + EULER))) % places
}
