import type {
  Account,
  AccountContext,
  AccountFacts,
  AccountHead,
  SightedObject,
  SnapshotBaseline,
} from '../../schemas/types.ts'

/** What the stage keeps about one account, its panes apart. */
export interface AccountState {
  /** By which blocks of panes know it; another account may have it later. */
  readonly number: number
  /** The hop in which the number became the account's. */
  readonly born_hop: number
  readonly account_id: string
  facts: AccountFacts | null
  status: string | null
  /** From a request when no account record is known. */
  org_id: string | null
  first_seen_ms: number
  last_seen_ms: number
  requests: number
  output_tokens: number
  snapshot: SnapshotBaseline | null
  sighted: SightedObject[]
}

export function newAccount(account_id: string, number: number, born_hop: number): AccountState {
  return {
    number,
    born_hop,
    account_id,
    facts: null,
    status: null,
    org_id: null,
    first_seen_ms: 0,
    last_seen_ms: 0,
    requests: 0,
    output_tokens: 0,
    snapshot: null,
    sighted: [],
  }
}

export function factsOf(account: Account): AccountFacts {
  return {
    event_time_ms: account.event_time_ms,
    org_id: account.org_id,
    created_at_ms: account.created_at_ms,
    plan: account.plan,
    programme: account.programme,
    verification: account.verification,
    payment_hash: account.payment_hash,
    monthly_quota_tokens: account.monthly_quota_tokens,
    contract_flags: account.contract_flags,
  }
}

/** What the changelog keeps, named one by one: to leave a member out of a copy costs more than all of this. */
export function headOf(state: AccountState): AccountHead {
  return {
    number: state.number,
    born_hop: state.born_hop,
    facts: state.facts,
    status: state.status,
    org_id: state.org_id,
    first_seen_ms: state.first_seen_ms,
    last_seen_ms: state.last_seen_ms,
    requests: state.requests,
    output_tokens: state.output_tokens,
    snapshot: state.snapshot,
    sighted: state.sighted,
  }
}

const AUTHORISED = 'authorised_distillation'

/** What later stages must know. Paying is what a plan other than the free one says; unknown is not paying. */
export function contextOf(state: AccountState): AccountContext {
  const { facts } = state
  return {
    org_id: facts?.org_id ?? state.org_id ?? state.account_id,
    created_at_ms: facts?.created_at_ms ?? null,
    exempt: facts?.contract_flags.includes(AUTHORISED) ?? false,
    paying: facts?.plan != null && facts.plan !== 'free',
    requests: state.requests,
    output_tokens: state.output_tokens,
    first_seen_ms: state.first_seen_ms,
    last_seen_ms: state.last_seen_ms,
  }
}

const DAY_MS = 86_400_000
const NEW_DAYS = 3
const RECENT_DAYS = 30

/** plan/tenure/verification, the population an account is compared with; 'unknown' before any account record. */
export function segmentOf(facts: AccountFacts | null, now_ms: number): string {
  if (facts === null) return 'unknown'
  const age_days = facts.created_at_ms === null ? null : (now_ms - facts.created_at_ms) / DAY_MS
  const tenure =
    age_days === null ? 'unknown' : age_days < NEW_DAYS ? 'new' : age_days < RECENT_DAYS ? 'recent' : 'established'
  return `${facts.plan ?? 'unknown'}/${tenure}/${facts.verification ?? 'unknown'}`
}
