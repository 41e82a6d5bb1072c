import type { Account, Outcome } from '../../schemas/types.ts'
import { compareText } from './order.ts'
import type { HopInput } from './processor.ts'

// Of 256 characters each at the most: 256 kB, beside what else a record holds below the megabyte that a broker takes in one piece.
export const ERASED_PER_RECORD_MAX = 1_000

/** A hop with the accounts that are to be forgotten before anything in it is looked at. */
export interface ErasingHop {
  /** In order of their ids. */
  readonly erased: readonly string[]
  /** The hop without what was said about them up to the moment of erasure; what was said later is of a new account. */
  readonly hop: HopInput
}

const NOBODY: readonly string[] = []

/** Takes the erasures out of a hop's outcomes, so that every stage that reads them forgets alike. */
export function takeErasures(hop: HopInput): ErasingHop {
  const moments = new Map<string, number>()
  for (const { account_id, event_time_ms, outcome } of hop.records.outcomes ?? []) {
    if (outcome !== 'erased') continue
    moments.set(account_id, Math.max(moments.get(account_id) ?? event_time_ms, event_time_ms))
  }
  if (moments.size === 0) return { erased: NOBODY, hop }
  const isLater = ({ account_id, event_time_ms }: Account | Outcome) =>
    event_time_ms > (moments.get(account_id) ?? Number.NEGATIVE_INFINITY)
  const { accounts = [], outcomes = [] } = hop.records
  const records = { ...hop.records, accounts: accounts.filter(isLater), outcomes: outcomes.filter(isLater) }
  return { erased: [...moments.keys()].sort(compareText), hop: { ...hop, records } }
}
