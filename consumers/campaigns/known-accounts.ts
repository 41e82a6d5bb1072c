import type { Changes } from '../../lib/stream/changes.ts'
import { Expiry } from '../../lib/stream/expiry.ts'
import type { CampaignAccount, CampaignState } from '../../schemas/types.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const NOTHING = { outcome: null, outcome_ms: null, alert_id: null, alert_revision: 0 }
/** Outcomes that take an accusation back. */
const CLEARING = new Set(['cleared', 'verified', 'appeal_overturned'])

export interface KnownAccountsOptions {
  readonly changes: Changes
  readonly keyOf: (account_id: string) => string
  readonly entryOf: (account: CampaignAccount) => CampaignState
  readonly outcome_ttl_days: number
}

/** What was decided about accounts, and the open alerts about one of them alone; until neither says anything any more. */
export class KnownAccounts {
  private readonly accounts = new Map<string, CampaignAccount>()
  private readonly expiry = new Expiry<string>(HOUR_MS)
  private readonly options: KnownAccountsOptions

  constructor(options: KnownAccountsOptions) {
    this.options = options
  }

  get(account_id: string): CampaignAccount | null {
    return this.accounts.get(account_id) ?? null
  }

  isCleared(account_id: string): boolean {
    return CLEARING.has(this.accounts.get(account_id)?.outcome ?? '')
  }

  update(account_id: string, change: Partial<CampaignAccount>): void {
    const account: CampaignAccount = { account_id, ...NOTHING, ...this.accounts.get(account_id), ...change }
    if (account.outcome === null && account.alert_id === null) {
      this.forget(account_id)
      return
    }
    this.accounts.set(account_id, account)
    if (account.alert_id === null) this.schedule(account)
    this.options.changes.mark(this.options.keyOf(account_id), () => this.options.entryOf(account))
  }

  /** Forgets an account, and does not wait for it any more. */
  erase(account_id: string): void {
    this.forget(account_id)
    this.expiry.forget(account_id)
  }

  /** Lets go outcomes that no longer count, of accounts that no alert stands about; returns these. */
  expire(now_ms: number): string[] {
    const expired = this.expiry.take(now_ms, (account_id) => {
      const account = this.accounts.get(account_id)
      // With an open alert it is scheduled again when that has been closed.
      return !account || account.alert_id !== null ? null : this.expires_ms(account)
    })
    for (const account_id of expired) this.forget(account_id)
    return expired
  }

  restore(account_id: string, account: CampaignAccount | null): void {
    if (account === null) this.accounts.delete(account_id)
    else this.accounts.set(account_id, account)
  }

  restored(): void {
    for (const account of this.accounts.values()) this.schedule(account)
  }

  private schedule(account: CampaignAccount): void {
    const expires_ms = this.expires_ms(account)
    if (expires_ms !== null) this.expiry.schedule(account.account_id, expires_ms)
  }

  private expires_ms({ outcome_ms }: CampaignAccount): number | null {
    return outcome_ms === null ? null : outcome_ms + this.options.outcome_ttl_days * DAY_MS
  }

  private forget(account_id: string): void {
    if (this.accounts.delete(account_id)) this.options.changes.mark(this.options.keyOf(account_id), () => null)
  }
}
