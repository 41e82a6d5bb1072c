import type { TopicName } from '../../../schemas/topics.ts'
import type { Account, Request } from '../../../schemas/types.ts'
import type { TopicValues } from '../../../schemas/values.ts'
import type { Findings, Method } from '../method.ts'
import { ComponentFindings } from './component-findings.ts'
import { UnionFind } from './union-find.ts'
import { HOUR_MS } from './usage-day.ts'

export interface RecentMatchesParameters {
  /** How long an account counts as on a network. */
  readonly window_ms: number
  /** Components are looked for this often, in event time. */
  readonly step_ms: number
  /** An object that more accounts hold at once links none of them. */
  readonly holders_max: number
  readonly organisations_min: number
  /** Holders of objects, all together. */
  readonly holdings_max: number
}

/** Ours; no other window (10 minutes, a day) and ceiling (3, 10, 20) found more of the campaigns in simulated traffic. */
export const RECENT_MATCHES: RecentMatchesParameters = {
  window_ms: HOUR_MS,
  step_ms: HOUR_MS / 6,
  holders_max: 5,
  organisations_min: 3,
  holdings_max: 2_000_000,
}

/**
 * B7 as a careful operator would have it: networks match within an hour only, and an object that many hold at once links nobody, so that
 * shared networks make no giant component. Payment fingerprints match for good.
 */
export function recentMatches(parameters: RecentMatchesParameters = RECENT_MATCHES): Method {
  return new RecentMatches(parameters)
}

class RecentMatches implements Method {
  readonly name = 'B7 recent'
  readonly summary: string
  private readonly parameters: RecentMatchesParameters
  /** By object, until when each account holds it. */
  private readonly objects = new Map<string, Map<string, number>>()
  private readonly organisations = new Map<string, string>()
  private readonly findings = new ComponentFindings('B7 recent')
  private readonly accountScores = new Map<string, number>()
  private holdings = 0
  private latest_ms = Number.NEGATIVE_INFINITY
  private next_ms = Number.NEGATIVE_INFINITY

  constructor(parameters: RecentMatchesParameters) {
    const { organisations_min, window_ms, holders_max } = parameters
    this.parameters = parameters
    this.summary = `${organisations_min} organisations or more linked by payments, or by networks within ${window_ms / HOUR_MS} h, that at most ${holders_max} accounts have`
  }

  take<Topic extends TopicName>(topic: Topic, value: TopicValues[Topic]): void {
    if (topic === 'requests') this.takeRequest(value as Request)
    else if (topic === 'accounts') this.takeAccount(value as Account)
  }

  finish(): Findings {
    this.look()
    return { findings: this.findings.finish(), accountScores: this.accountScores }
  }

  private takeAccount({ account_id, org_id, payment_hash, signup_network_hash, event_time_ms }: Account): void {
    if (this.organisations.size < this.parameters.holdings_max) this.organisations.set(account_id, org_id)
    if (payment_hash !== null) this.hold(`payment:${payment_hash}`, account_id, Number.POSITIVE_INFINITY)
    if (signup_network_hash !== null)
      this.hold(`network:${signup_network_hash}`, account_id, event_time_ms + this.parameters.window_ms)
  }

  private takeRequest({ account_id, client, end_time_ms }: Request): void {
    if (client.network_hash !== null)
      this.hold(`network:${client.network_hash}`, account_id, end_time_ms + this.parameters.window_ms)
    this.latest_ms = Math.max(this.latest_ms, end_time_ms)
    if (this.latest_ms < this.next_ms) return
    this.next_ms = this.latest_ms + this.parameters.step_ms
    this.look()
  }

  private hold(object: string, account_id: string, until_ms: number): void {
    const holders = this.objects.get(object) ?? new Map<string, number>()
    const before = holders.get(account_id)
    if (before === undefined && this.holdings >= this.parameters.holdings_max) return
    if (before === undefined) this.holdings++
    this.objects.set(object, holders.set(account_id, Math.max(until_ms, before ?? until_ms)))
  }

  private look(): void {
    const { holders_max, organisations_min } = this.parameters
    const links = new UnionFind()
    for (const [object, holders] of this.objects) {
      this.expire(object, holders)
      if (holders.size > holders_max) continue
      const [first, ...others] = holders.keys()
      for (const other of others) links.join(first!, other)
    }
    for (const component of links.components()) {
      const organisations = new Set(component.map((id) => this.organisations.get(id) ?? id)).size
      if (organisations < organisations_min) continue
      const score = 1 - 1 / organisations
      for (const id of component) this.accountScores.set(id, Math.max(score, this.accountScores.get(id) ?? 0))
      this.findings.tell(component, score, this.latest_ms)
    }
  }

  private expire(object: string, holders: Map<string, number>): void {
    for (const [account_id, until_ms] of holders) {
      if (until_ms >= this.latest_ms) continue
      holders.delete(account_id)
      this.holdings--
    }
    if (holders.size === 0) this.objects.delete(object)
  }
}
