import { z } from 'zod'
import { defineDetector, share, windowOf } from './kit.ts'

const DAY_MS = 86_400_000
const DAYS_PER_MONTH = 30

/** A new account that runs at its ceiling at once, instead of growing into it (signal S14, CISA AA26-251A). */
export const newAccountAtCeiling = defineDetector({
  name: 'new-account-at-ceiling',
  version: 1,
  block: 'lifecycle',
  rule: {
    id: '8d1f2f64-0d3f-4c0d-8a0b-7f4f3c1d2a02',
    title: 'New account at its quota or its rate limit within days',
    status: 'test',
    level: 'low',
    falsepositives: ['workload migrations to a fresh key', 'hackathons and product launches', 'viral agent releases'],
    references: ['https://www.cisa.gov/news-events/cybersecurity-advisories/aa26-251a'],
  },
  window: '24h',
  standalone: false,
  settings: z.strictObject({
    age_days_max: z.number().positive().default(3).describe('an account older than this is not new'),
    requests_min: z.int().min(1).default(20).describe('requests in the window'),
    quota_share_min: z.number().positive().default(1).describe("of the month's quota per day"),
    rate_limited_share_min: z.number().min(0).max(1).default(0.05).describe('of the requests answered with 429'),
    rate_limited_min: z.int().min(1).default(5).describe('requests answered with 429'),
  }),
  evaluate(fingerprint, settings) {
    const window = windowOf(fingerprint, this.window)
    const n = window.requests
    const created_at_ms = fingerprint.facts?.created_at_ms ?? null
    if (created_at_ms === null || n < settings.requests_min) return { outcome: 'insufficient_data', n }
    const daily_quota_tokens = (fingerprint.facts?.monthly_quota_tokens ?? 0) / DAYS_PER_MONTH
    const quotaShare = share(window.input_tokens + window.output_tokens, daily_quota_tokens)
    const limitedShare = share(window.rate_limited, n)
    const isNew = fingerprint.event_time_ms - created_at_ms <= settings.age_days_max * DAY_MS
    const atQuota = quotaShare >= settings.quota_share_min
    const atLimit = window.rate_limited >= settings.rate_limited_min && limitedShare >= settings.rate_limited_share_min
    const observed = atQuota ? quotaShare : limitedShare
    if (!isNew || !(atQuota || atLimit)) return { outcome: 'no_hit', n, observed }
    const reason = atQuota ? 'new_account_at_quota' : 'new_account_at_rate_limit'
    return { outcome: 'hit', n, observed, baseline: null, p_value: null, reason, objectives: ['general'] }
  },
})
