import type { Account, Request } from '../../../../schemas/types.ts'
import { AccountTable } from '../account-table.ts'
import { ExactGroups, type ExactGroupsCeilings } from '../exact-groups.ts'
import { AccountWindow } from './account-window.ts'
import { cluster } from './cluster.ts'
import { Fingerprints } from './fingerprint.ts'
import { Hosting } from './hosting.ts'
import { ModelSwitches } from './model-switches.ts'
import { Preambles } from './preamble.ts'
import { likeness, reasoning } from './reasoning.ts'
import { refusals } from './refusals.ts'
import { repetition } from './repetition.ts'
import { sessionGaps } from './session-gaps.ts'
import type { Signal } from './signal.ts'
import { Synchrony } from './synchrony.ts'
import { tokenBudget } from './token-budget.ts'
import { velocity } from './velocity.ts'

export type SignalName = (typeof SIGNALS)[number]

export const SIGNALS = [
  'fingerprint',
  'velocity',
  'reasoning',
  'likeness',
  'cluster',
  'synchrony',
  'hosting',
  'preamble',
  'pivot',
  'repetition',
  'session gaps',
  'token budget',
  'refusals',
] as const

/** All signals after a request. */
export interface Reading {
  readonly signals: Readonly<Record<SignalName, Signal>>
  /** Of the account's cluster. */
  readonly cluster_accounts: number
}

interface State {
  readonly window: AccountWindow
  payment_hash: number | null
}

/** What all workers say of each request. Several sums may ask about one request, one after the other: it is read once. */
export class Workers {
  private readonly accounts: AccountTable<State>
  private readonly groups: ExactGroups
  private readonly paymentAccounts = new Map<number, number>()
  private readonly fingerprints: Fingerprints
  private readonly preambles: Preambles
  private readonly switches: ModelSwitches
  private readonly hosting: Hosting
  private readonly synchrony = new Synchrony()
  private latest: { readonly request: Request; readonly reading: Reading | null } | null = null

  constructor(ceilings: ExactGroupsCeilings) {
    const { accounts_max, objects_max } = ceilings
    this.accounts = new AccountTable(accounts_max, () => ({ window: new AccountWindow(), payment_hash: null }))
    this.groups = new ExactGroups(ceilings)
    this.fingerprints = new Fingerprints(objects_max)
    this.preambles = new Preambles(objects_max)
    this.switches = new ModelSwitches(accounts_max)
    this.hosting = new Hosting(accounts_max)
  }

  /** Changes nothing the second time. */
  takeAccount(account: Account): void {
    this.groups.account(account)
    const state = this.accounts.of(account.account_id)
    const { payment_hash } = account
    if (!state || payment_hash === null || state.payment_hash === payment_hash) return
    state.payment_hash = payment_hash
    this.paymentAccounts.set(payment_hash, 1 + (this.paymentAccounts.get(payment_hash) ?? 0))
  }

  /** Null for an account beyond the ceiling. */
  takeRequest(request: Request): Reading | null {
    if (this.latest?.request !== request) this.latest = { request, reading: this.read(request) }
    return this.latest.reading
  }

  private read(request: Request): Reading | null {
    this.groups.request(request)
    const state = this.accounts.of(request.account_id)
    if (!state) return null
    const cluster_accounts = this.groups.of(request.account_id)?.accounts.size ?? 1
    return { signals: this.signals(request, state), cluster_accounts }
  }

  private signals(request: Request, { window, payment_hash }: State): Record<SignalName, Signal> {
    const { account_id, client, sketch, end_time_ms } = request
    const entry = window.add(request)
    const hour = window.hour()
    const day = window.entries
    const group = this.groups.of(account_id)
    const paymentAccounts = payment_hash === null ? 0 : (this.paymentAccounts.get(payment_hash) ?? 0)
    return {
      fingerprint: this.fingerprints.add(account_id, client.tuple_hash, window),
      velocity: velocity(hour),
      reasoning: reasoning(entry, hour),
      likeness: likeness(sketch?.cue_scores ?? []),
      cluster: cluster(group, paymentAccounts),
      synchrony: this.synchrony.add(account_id, end_time_ms),
      hosting: this.hosting.add(account_id, client.asn, group),
      preamble: this.preambles.add(account_id, entry, day),
      pivot: this.switches.add(request, group),
      repetition: repetition(hour),
      'session gaps': sessionGaps(day),
      'token budget': tokenBudget(entry, day),
      refusals: refusals(day),
    }
  }
}
