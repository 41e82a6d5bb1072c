import { compareText } from '../stream/order.ts'
import { type AccountActivity, type Activity, WEEK_MS } from './activity.ts'
import type { Label } from './label.ts'

/** An account with what is true of it. */
export interface TrueAccount {
  readonly account_id: string
  readonly org_id: string
  /** Null for a benign account. */
  readonly campaign_id: string | null
  readonly scenario: string
  readonly instance: string | null
  readonly role: string
  readonly level: number | null
  readonly requests: number
  /** First request; null without any. */
  readonly first_ms: number | null
}

/** A campaign: its accounts that made a request, and what it got out of them. */
export interface TrueCampaign {
  readonly campaign_id: string
  readonly scenario: string
  readonly level: number | null
  readonly accounts: readonly TrueAccount[]
  /** Answers in the order of their end, which is when they have leaked. */
  readonly exchanges: readonly { readonly end_ms: number; readonly output_tokens: number }[]
  readonly start_ms: number
  readonly end_ms: number
}

/** What a stream really was. */
export interface GroundTruth {
  readonly accounts: ReadonlyMap<string, TrueAccount>
  readonly campaigns: readonly TrueCampaign[]
  /**
   * Benign organisations times the weeks in which they were active, counted from the first request; the last week counts
   * as the part of it that the stream covers, so that two days are 2/7 of a week and not a whole one.
   */
  readonly benignOrganisationWeeks: number
  readonly benignOrganisations: number
  readonly requests: number
  readonly maliciousRequests: number
  readonly start_ms: number
  readonly end_ms: number
}

export function groundTruth(labels: Iterable<Label>, activity: Activity): GroundTruth {
  const accounts = new Map<string, TrueAccount>()
  for (const label of labels) accounts.set(label.account_id, trueAccount(label, activity))
  const members = new Map<string, TrueAccount[]>()
  for (const account of accounts.values()) {
    if (account.campaign_id === null || account.requests === 0) continue
    const own = members.get(account.campaign_id)
    if (own) own.push(account)
    else members.set(account.campaign_id, [account])
  }
  const campaigns = [...members].sort(([a], [b]) => compareText(a, b)).map(([id, own]) => campaign(id, own, activity))
  const benign = [...accounts.values()].filter(({ campaign_id, requests }) => campaign_id === null && requests > 0)
  return {
    accounts,
    campaigns,
    ...organisationWeeks(benign, activity),
    requests: activity.requests,
    maliciousRequests: campaigns.flatMap((c) => c.accounts).reduce((sum, { requests }) => sum + requests, 0),
    start_ms: activity.start_ms,
    end_ms: activity.end_ms,
  }
}

function trueAccount(label: Label, activity: Activity): TrueAccount {
  const own = activity.accounts.get(label.account_id)
  return {
    account_id: label.account_id,
    org_id: label.org_id ?? activity.organisations.get(label.account_id) ?? label.account_id,
    // A malicious account that belongs to no campaign is one by itself.
    campaign_id: label.label === 'benign' ? null : (label.campaign_id ?? `account ${label.account_id}`),
    scenario: label.scenario,
    instance: label.instance ?? null,
    role: label.role,
    level: label.level ?? null,
    requests: own?.requests ?? 0,
    first_ms: own?.first_ms ?? null,
  }
}

function campaign(campaign_id: string, accounts: TrueAccount[], activity: Activity): TrueCampaign {
  const own = accounts.map(({ account_id }) => activity.accounts.get(account_id)!)
  const exchanges = own.flatMap(answers).sort((a, b) => a.end_ms - b.end_ms)
  return {
    campaign_id,
    scenario: accounts[0]!.scenario,
    level: accounts[0]!.level,
    accounts,
    exchanges,
    start_ms: own.reduce((first, { first_ms }) => Math.min(first, first_ms), Number.POSITIVE_INFINITY),
    end_ms: own.reduce((last, { last_ms }) => Math.max(last, last_ms), Number.NEGATIVE_INFINITY),
  }
}

function answers({ answer_ms, answer_tokens }: AccountActivity) {
  return answer_ms.map((end_ms, i) => ({ end_ms, output_tokens: answer_tokens[i]! }))
}

function organisationWeeks(benign: readonly TrueAccount[], activity: Activity) {
  const length_weeks = Math.max(0, activity.end_ms - activity.start_ms) / WEEK_MS
  const weeks = new Map<string, Set<number>>()
  for (const { account_id, org_id } of benign) {
    const own = weeks.get(org_id) ?? new Set()
    weeks.set(org_id, own)
    for (const week of activity.accounts.get(account_id)!.weeks) own.add(week)
  }
  let sum = 0
  for (const own of weeks.values()) for (const week of own) sum += Math.max(0, Math.min(1, length_weeks - week))
  return { benignOrganisations: weeks.size, benignOrganisationWeeks: sum }
}
