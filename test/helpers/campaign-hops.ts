import fc from 'fast-check'
import { CUE_CLASSES } from '../../lib/sketch/cues.ts'
import type { HopInput } from '../../lib/stream/processor.ts'
import type { AccountContext, Link, ObjectKind, Outcome, OutcomeKind, Signal } from '../../schemas/types.ts'

export const CAMPAIGN_HOP_MS = 1_800_000
const ELICITING = 1 << CUE_CLASSES.indexOf('reasoning')

/** Twelve accounts of nine organisations. */
const account = fc.integer({ min: 0, max: 11 }).map((index) => `account-${String.fromCharCode(97 + index)}`)
const object = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant<ObjectKind>('span'), object: fc.integer({ min: 0, max: 4 }) }),
  },
  fc.record({ kind: fc.constant<ObjectKind>('payment'), object: fc.integer({ min: 10, max: 13 }) }),
  fc.record({ kind: fc.constant<ObjectKind>('prefix'), object: fc.integer({ min: 20, max: 22 }) }),
  fc.record({ kind: fc.constant<ObjectKind>('client'), object: fc.integer({ min: 30, max: 31 }) }),
)
const outcome = fc.record({
  account_id: account,
  outcome: fc.constantFrom<OutcomeKind>('cleared', 'verified', 'banned', 'erased', 'appeal_overturned'),
})
const signal = fc.record({
  account_id: account,
  detector: fc.constantFrom('injected-reasoning-span', 'logprob-probing'),
  outcome: fc.constantFrom<Signal['outcome']>('hit', 'hit', 'no_hit', 'error'),
})
const link = fc.record({ account_id: account, object, life_hops: fc.integer({ min: 2, max: 12 }), cued: fc.boolean() })
const hop = fc.record({
  links: fc.array(link, { maxLength: 12 }),
  outcomes: seldom(fc.array(outcome, { maxLength: 2 }), 3),
  signals: seldom(fc.array(signal, { maxLength: 2 }), 2),
  erased: seldom(fc.array(account, { maxLength: 1 }), 6),
  active_accounts: fc.integer({ min: 12, max: 400 }),
})

/** Hops of half an hour in which accounts gain, refresh and lose objects, are decided about, hit and erased. */
export const campaignHops: fc.Arbitrary<HopInput[]> = fc
  .array(hop, { minLength: 4, maxLength: 24 })
  .map((hops) => hops.map((each, index) => hopInput(each, index + 1)))

type Drawn<Of> = Of extends fc.Arbitrary<infer Value> ? Value : never

/** Nothing, `times` as often as something. */
function seldom<Value>(values: fc.Arbitrary<Value[]>, times: number): fc.Arbitrary<Value[]> {
  return fc.oneof({ weight: times, arbitrary: fc.constant<Value[]>([]) }, values)
}

function hopInput({ links, outcomes, signals, erased, active_accounts }: Drawn<typeof hop>, number: number): HopInput {
  const end_ms = (number + 1) * CAMPAIGN_HOP_MS
  const batch = { hop: number, active_accounts, erased_accounts: erased }
  return {
    hop: number,
    end_ms,
    late: new Set(),
    records: {
      links: [{ ...batch, links: links.map((each) => linkOf(each, number)) }],
      outcomes: outcomes.map((each): Outcome => {
        return { ...each, event_id: null, event_time_ms: end_ms - 1, alert_id: null, reason_code: null }
      }),
      signals: signals.map((each) => signalOf(each, number)),
    },
  }
}

function linkOf({ account_id, object, life_hops, cued }: Drawn<typeof link>, number: number): Link {
  const last_ms = (number + 1) * CAMPAIGN_HOP_MS
  return {
    ...object,
    account_id,
    n: 1,
    first_ms: last_ms,
    last_ms,
    cues: cued ? ELICITING : 0,
    holders: 2,
    organisations: 2,
    expires_ms: last_ms + life_hops * CAMPAIGN_HOP_MS,
    context: contextOf(account_id, number),
  }
}

function signalOf({ account_id, detector, outcome }: Drawn<typeof signal>, number: number): Signal {
  return {
    account_id,
    hop: number,
    event_time_ms: (number + 1) * CAMPAIGN_HOP_MS,
    detector,
    version: 1,
    block: 'payload',
    outcome,
    shadow: false,
    standalone: detector === 'logprob-probing',
    window_ms: CAMPAIGN_HOP_MS,
    segment: 'unknown',
    n: 10,
    p_value: null,
    observed: 1,
    baseline: null,
    reason: detector,
    object: null,
    objectives: ['reasoning'],
    context: contextOf(account_id, number),
  }
}

/** One context for an account in a hop, as stage 1 has it; what contracts and organisations are changes now and then. */
function contextOf(account_id: string, number: number): AccountContext {
  const index = account_id.charCodeAt(account_id.length - 1) - 97
  return {
    org_id: `organisation-${(index + (number % 7 === 0 ? 1 : 0)) % 9}`,
    created_at_ms: index % 2 === 0 ? 0 : null,
    exempt: (index + number) % 11 === 0,
    paying: index % 3 === 0,
    requests: number * 20_000,
    output_tokens: number,
    first_seen_ms: index,
    last_seen_ms: (number + 1) * CAMPAIGN_HOP_MS,
  }
}
