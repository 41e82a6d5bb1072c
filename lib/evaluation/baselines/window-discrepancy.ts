import type { TopicName } from '../../../schemas/topics.ts'
import type { Request } from '../../../schemas/types.ts'
import type { TopicValues } from '../../../schemas/values.ts'
import { compareText } from '../../stream/order.ts'
import type { Finding, Findings, Method } from '../method.ts'
import { AccountFindings } from './account-findings.ts'
import { AccountTable } from './account-table.ts'
import { discrepancy, type KernelMean } from './kernel-mean.ts'
import { KernelReference } from './kernel-reference.ts'
import { projectSketch } from './sketch-projection.ts'

export interface WindowDiscrepancyParameters {
  /** Of the reference and of each window. */
  readonly window_requests: number
  /** Requests of an account from which its window is judged, and judged again at each doubling; with fewer it has no score. */
  readonly account_requests_min: number
  readonly accounts_max: number
  readonly seed: string
}

/** Window and percentile are the paper's; the minimum of an account is the smallest window it reports. */
export const WINDOW_DISCREPANCY: WindowDiscrepancyParameters = {
  window_requests: 1_500,
  account_requests_min: 100,
  accounts_max: 100_000,
  seed: 'window-discrepancy',
}

/**
 * B2 over the whole stream: windows of requests whose discrepancy (MMD) from the stream's first 1,500 passes the 95th percentile of that of
 * halves of these (Liu, Guo, Dong, arXiv 2606.05725). It can't say who changed a window: everybody in it is accused, at the
 * share of its requests.
 *
 * The paper embeds whole texts with bge-small. No text is left here: a signed projection of the minhashes of instruction-like
 * spans stands in, so that paraphrases are unlike, topics and payload are not seen, and requests without spans are left out.
 * Its reference is benign; this one is whatever the stream began with. A new content key begins a new reference.
 */
export function windowDiscrepancy(parameters: WindowDiscrepancyParameters = WINDOW_DISCREPANCY): Method {
  return new StreamDiscrepancy(parameters)
}

/** B2 for each account by itself, against the same reference. An honest account that is unlike the mean of all is accused too. */
export function accountDiscrepancy(parameters: WindowDiscrepancyParameters = WINDOW_DISCREPANCY): Method {
  return new AccountDiscrepancy(parameters)
}

/** Learns the reference, then hands on the features of what follows. */
abstract class Discrepancy implements Method {
  abstract readonly name: string
  abstract readonly summary: string
  protected readonly parameters: WindowDiscrepancyParameters
  private points: Float64Array[] = []
  private reference: KernelReference | null = null
  private key_epoch = Number.NEGATIVE_INFINITY

  constructor(parameters: WindowDiscrepancyParameters) {
    this.parameters = parameters
  }

  take<Topic extends TopicName>(topic: Topic, value: TopicValues[Topic]): void {
    if (topic !== 'requests') return
    const request = value as Request
    if (!request.sketch || request.sketch.key_epoch < this.key_epoch) return
    if (request.sketch.key_epoch > this.key_epoch) {
      this.key_epoch = request.sketch.key_epoch
      this.points = []
      this.reference = null
      this.forget()
    }
    const point = projectSketch(request.sketch)
    if (point === null) return
    if (this.reference) this.compare(request, this.reference.features(point), this.reference)
    else this.learn(point)
  }

  abstract finish(): Findings

  private learn(point: Float64Array): void {
    this.points.push(point)
    if (this.points.length < this.parameters.window_requests) return
    this.reference = new KernelReference(this.points, this.parameters.seed)
    this.points = []
  }

  protected abstract compare(request: Request, features: Float64Array, reference: KernelReference): void
  protected abstract forget(): void
}

class StreamDiscrepancy extends Discrepancy {
  readonly name = 'B2 global'
  readonly summary = `windows of ${this.parameters.window_requests} requests that are unlike the first`
  private window: KernelMean | null = null
  private readonly requests = new Map<string, number>()
  private readonly findings: Finding[] = []
  private readonly accountScores = new Map<string, number>()

  finish(): Findings {
    return { findings: this.findings, accountScores: this.accountScores }
  }

  protected forget(): void {
    this.window = null
    this.requests.clear()
  }

  protected compare({ account_id, end_time_ms }: Request, features: Float64Array, reference: KernelReference): void {
    this.window ??= reference.empty()
    this.window.add(features)
    this.requests.set(account_id, (this.requests.get(account_id) ?? 0) + 1)
    if (this.window.count < this.parameters.window_requests) return
    const score = discrepancy(this.window, reference.mean)
    this.judge(end_time_ms, score, reference.threshold)
    this.forget()
  }

  private judge(event_time_ms: number, score: number, threshold: number): void {
    for (const id of this.requests.keys()) {
      const worst = this.accountScores.get(id)
      const isKept = worst === undefined && this.accountScores.size >= this.parameters.accounts_max
      if (!isKept && (worst === undefined || score > worst)) this.accountScores.set(id, score)
    }
    if (score <= threshold) return
    const accounts = [...this.requests].sort(([a], [b]) => compareText(a, b))
    this.findings.push({
      finding_id: `B2:global:${this.findings.length}`,
      event_time_ms,
      accounts: accounts.map(([account_id, count]) => ({
        account_id,
        score: count / this.parameters.window_requests,
      })),
      related: [],
      score: certaintyOf(score, threshold),
    })
  }
}

class AccountDiscrepancy extends Discrepancy {
  readonly name = 'B2 per account'
  readonly summary = `accounts whose requests are unlike the first ${this.parameters.window_requests} of the stream`
  private readonly findings = new AccountFindings('B2')
  private accounts = this.newTable()

  finish(): Findings {
    return this.findings.finish()
  }

  protected forget(): void {
    this.accounts = this.newTable()
  }

  protected compare({ account_id, end_time_ms }: Request, features: Float64Array, reference: KernelReference): void {
    const account = this.accounts.of(account_id)
    if (!account) return
    account.window ??= reference.empty()
    account.window.add(features)
    const { count } = account.window
    const { account_requests_min, window_requests } = this.parameters
    const isFull = count >= window_requests
    if (!isFull && !Number.isInteger(Math.log2(count / account_requests_min))) return
    if (!isFull && count < account_requests_min) return
    const score = discrepancy(account.window, reference.mean)
    const { threshold } = reference
    this.findings.judge(account_id, end_time_ms, score, score > threshold, certaintyOf(score, threshold))
    if (isFull) account.window.clear()
  }

  private newTable(): AccountTable<{ window: KernelMean | null }> {
    return new AccountTable(this.parameters.accounts_max, () => ({ window: null }))
  }
}

/** 0 at the threshold, towards 1 far above it. */
function certaintyOf(score: number, threshold: number): number {
  return score <= threshold ? 0 : 1 - Math.max(threshold, 0) / score
}
