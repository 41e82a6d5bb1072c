import { Changes } from '../../../lib/stream/changes.ts'
import { compareText } from '../../../lib/stream/order.ts'
import type {
  ChangelogEntry,
  Failure,
  HopInput,
  Output,
  Processor,
  TaskContext,
} from '../../../lib/stream/processor.ts'
import type { Stage } from '../../../lib/stream/stage.ts'
import type {
  Account,
  CampaignState,
  FingerprintState,
  ModelRelease,
  Outcome,
  Request,
} from '../../../schemas/types.ts'

export const HOP_MS = 1_000

/**
 * The toy borrows topics whose schemas belong to the outside and rarely change; what it has to say travels as JSON in a
 * string field, and state as JSON in a bytes field.
 */
export function countingStage(options: CountingOptions = {}): Stage {
  return {
    name: 'toy-count',
    scope: 'partitioned',
    inputs: [
      { topic: 'requests', role: 'source', partitions: 'own' },
      { topic: 'accounts', role: 'table', partitions: 'own', effect: 'hop_end' },
    ],
    outputs: [{ topic: 'outcomes', partitions: 'all', closesHops: true }],
    changelog: 'fingerprints.state',
    create: (context) => new Counting(context, options),
  }
}

export interface CountingOptions {
  readonly onProcess?: (hop: HopInput, task: number) => void
  readonly failures?: readonly Failure[]
  /** For how many hops an event id is remembered: a request that comes again within them is counted once. @default 0 */
  readonly remembered_hops?: number
}

/** A global stage that adds up what all counting tasks say about a hop. */
export const summingStage: Stage = {
  name: 'toy-sum',
  scope: 'global',
  inputs: [{ topic: 'outcomes', role: 'hops', partitions: 'all', writers: 'all' }],
  outputs: [{ topic: 'model-releases', partitions: 'zero', closesHops: true }],
  changelog: 'campaigns.state',
  create: () => new Summing(),
}

/** One account in one hop: its requests in the hop, its requests so far, and whether its plan was paid at the hop's end. */
export interface Count {
  readonly account: string
  readonly n: number
  readonly total: number
  readonly paid: boolean
}

/** What the sum stage says about a hop. */
export interface HopSum {
  readonly hop: number
  readonly total: number
  readonly counts: readonly Count[]
}

interface AccountTotal {
  total: number
  paid: boolean
  /** Event ids with the hop in which each was counted. */
  recent?: [event_id: string, hop: number][]
}

/** Counts requests per account, joined with the account's plan, and tells a partition of `outcomes` by account. */
class Counting implements Processor {
  private readonly context: TaskContext
  private readonly options: CountingOptions
  private readonly accounts = new Map<string, AccountTotal>()
  private readonly changes = new Changes()
  private requests = 0

  constructor(context: TaskContext, options: CountingOptions) {
    this.context = context
    this.options = options
  }

  process(hop: HopInput): Output[] {
    this.options.onProcess?.(hop, this.context.task)
    for (const { account_id, plan } of hop.records.accounts ?? []) this.account(account_id).paid = plan === 'paid'
    const inHop = new Map<string, number>()
    for (const { account_id, event_id } of hop.records.requests ?? []) {
      if (this.isRepeat(account_id, event_id, hop.hop)) continue
      inHop.set(account_id, (inHop.get(account_id) ?? 0) + 1)
      this.requests += 1
    }
    return [...inHop]
      .sort(([a], [b]) => compareText(a, b))
      .map(([account_id, n]): Output => {
        const account = this.account(account_id)
        account.total += n
        const { total, paid } = account
        const count: Count = { account: account_id, n, total, paid }
        const value = outcomeAt(account_id, hop.end_ms, JSON.stringify(count))
        return { topic: 'outcomes', key: account_id, partition: account_id.length % this.context.partitions, value }
      })
  }

  drainChanges(): ChangelogEntry[] {
    return this.changes.drain()
  }

  drainFailures(): Failure[] {
    return [...(this.options.failures ?? [])]
  }

  restore({ key, value }: ChangelogEntry): void {
    if (value === null) {
      this.accounts.delete(key)
      return
    }
    const { event_ids } = value as FingerprintState
    this.accounts.set(key, JSON.parse(String(event_ids)))
  }

  restored(): void {}

  counters(): Readonly<Record<string, number>> {
    return { requests: this.requests, accounts: this.accounts.size }
  }

  /** Remembers an id that is new. A repeat leaves no trace: what follows from it is what would follow without it. */
  private isRepeat(account_id: string, event_id: string, hop: number): boolean {
    const { remembered_hops = 0 } = this.options
    if (remembered_hops === 0) return false
    const recent = (this.accounts.get(account_id)?.recent ?? []).filter(
      ([, counted]) => counted > hop - remembered_hops,
    )
    if (recent.some(([id]) => id === event_id)) return true
    recent.push([event_id, hop])
    this.account(account_id).recent = recent.sort(([a], [b]) => compareText(a, b))
    return false
  }

  private account(account_id: string): AccountTotal {
    const account = this.accounts.get(account_id) ?? { total: 0, paid: false }
    this.accounts.set(account_id, account)
    this.changes.mark(account_id, () => ({ event_ids: Buffer.from(JSON.stringify(account)) }) as FingerprintState)
    return account
  }
}

class Summing implements Processor {
  private total = 0
  private isChanged = false

  process({ hop, end_ms, records }: HopInput): Output[] {
    const counts = (records.outcomes ?? []).map(({ reason_code }): Count => JSON.parse(reason_code ?? ''))
    if (counts.length === 0) return []
    for (const { n } of counts) this.total += n
    this.isChanged = true
    const sum: HopSum = { hop, total: this.total, counts: counts.sort((a, b) => compareText(a.account, b.account)) }
    const value: ModelRelease = { event_time_ms: end_ms, model: JSON.stringify(sum), tier: null }
    // A key each: the topic is compacted, and a test reads every hop.
    return [{ topic: 'model-releases', key: `hop-${hop}`, partition: 0, value }]
  }

  drainChanges(): ChangelogEntry[] {
    if (!this.isChanged) return []
    this.isChanged = false
    return [{ key: 'total', value: { active_accounts: this.total } as CampaignState }]
  }

  restore({ value }: ChangelogEntry): void {
    this.total = (value as CampaignState).active_accounts ?? 0
  }

  restored(): void {}

  counters(): Readonly<Record<string, number>> {
    return { total: this.total }
  }
}

/** What the sum stage must say about requests of accounts that never paid, computed without any of it. */
export function expectedSums(requests: readonly Request[]): HopSum[] {
  const hops = new Map<number, Request[]>()
  for (const request of requests) {
    const hop = Math.floor(request.end_time_ms / HOP_MS)
    hops.set(hop, [...(hops.get(hop) ?? []), request])
  }
  const totals = new Map<string, number>()
  let total = 0
  return [...hops]
    .sort(([a], [b]) => a - b)
    .map(([hop, own]) => {
      const inHop = new Map<string, number>()
      for (const { account_id } of own) {
        inHop.set(account_id, (inHop.get(account_id) ?? 0) + 1)
        totals.set(account_id, (totals.get(account_id) ?? 0) + 1)
      }
      total += own.length
      const counts = [...inHop]
        .sort(([a], [b]) => compareText(a, b))
        .map(([account, n]): Count => {
          return { account, n, total: totals.get(account) ?? 0, paid: false }
        })
      return { hop, total, counts }
    })
}

export function requestAt(account_id: string, end_time_ms: number, event_id = `${account_id}-${end_time_ms}`): Request {
  return {
    event_id,
    event_time_ms: end_time_ms,
    end_time_ms,
    account_id,
    org_id: null,
    api_key_hash: null,
    end_user_hash: null,
    session_hash: null,
    access_path: 'api',
    request_model: 'm',
    operation: 'chat',
    client: {
      network_hash: null,
      asn: null,
      country: null,
      tuple_hash: null,
      connection_hash: null,
      device_hash: null,
    },
    params: {
      stream: null,
      seed_set: false,
      response_format: null,
      tool_set_hash: null,
      max_tokens: null,
      temperature: null,
      top_p: null,
      choice_count: null,
      top_logprobs: null,
      logit_bias_ids: [],
      tools_count: null,
      images_count: null,
      reasoning: null,
    },
    usage: { input_tokens: 0, cache_read_tokens: 0, cache_write_tokens: 0, output_tokens: 0, reasoning_tokens: 0 },
    response: {
      status: 200,
      error_type: null,
      finish_reason: null,
      refused: false,
      latency_ms: null,
      time_to_first_chunk_ms: null,
    },
    signatures_presented: [],
    signatures_emitted: [],
    sketch: null,
  }
}

export function accountAt(account_id: string, event_time_ms: number, plan: string): Account {
  return {
    event_id: null,
    event_time_ms,
    account_id,
    org_id: account_id,
    created_at_ms: null,
    plan,
    programme: null,
    verification: null,
    billing_country: null,
    payment_hash: null,
    email_domain_hash: null,
    signup_network_hash: null,
    monthly_quota_tokens: null,
    contract_flags: [],
  }
}

function outcomeAt(account_id: string, event_time_ms: number, reason_code: string): Outcome {
  return { event_id: null, event_time_ms, account_id, outcome: 'cleared', alert_id: null, reason_code }
}
