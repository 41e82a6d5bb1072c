import { compareText } from '../../lib/stream/order.ts'
import type { HopInput, Output } from '../../lib/stream/processor.ts'
import type { Alert, Signal } from '../../schemas/types.ts'
import { accountAlert } from './account-alert.ts'
import { alertId } from './identity.ts'
import type { KnownAccounts } from './known-accounts.ts'
import type { StandingHits } from './standing-hits.ts'

export interface AccountAlertsOptions {
  readonly accounts: KnownAccounts
  readonly hits: StandingHits
  readonly config_hash: string
}

/** Alerts about one account alone, which stand for as long as a standalone rule hits. */
export class AccountAlerts {
  private readonly options: AccountAlertsOptions
  private told = 0

  constructor(options: AccountAlertsOptions) {
    this.options = options
  }

  /** Alert revisions since the start. */
  get revisions(): number {
    return this.told
  }

  /** Opens and closes alerts about accounts that detectors spoke of, whose hits lapsed, or about which was decided. */
  revise(hop: HopInput, signals: readonly Signal[], decided: ReadonlySet<string>): Output[] {
    const { accounts, hits } = this.options
    const said = new Map(
      signals.filter(({ standalone, shadow }) => standalone && !shadow).map((s) => [s.account_id, s]),
    )
    const concerned = [...new Set([...said.keys(), ...decided])].sort(compareText)
    return concerned.flatMap((account_id): Output[] => {
      // One rule that no longer hits does not speak for another that still does.
      const [hit] = hits.of(account_id, hop.hop).filter(({ standalone }) => standalone)
      const signal = hit ?? said.get(account_id)
      if (!signal) return []
      const account = accounts.get(account_id)
      const isOpen = account?.alert_id != null
      const isHit = hit !== undefined && !signal.context.exempt && !accounts.isCleared(account_id)
      if (isHit === isOpen) return []
      const alert_id = account?.alert_id ?? alertId('account', account_id, hop.hop)
      const revision = isHit ? 1 : (account?.alert_revision ?? 0) + 1
      const status = isHit ? 'open' : accounts.isCleared(account_id) ? 'withdrawn' : 'closed'
      accounts.update(account_id, { alert_id: isHit ? alert_id : null, alert_revision: revision })
      return [this.tell(signal, hop, { alert_id, revision, status })]
    })
  }

  /** Withdraws the alert about an account that is to be erased, on the last occasion at which it is named. */
  withdraw(account_id: string, hop: HopInput): Output[] {
    const account = this.options.accounts.get(account_id)
    const [signal] = this.options.hits.of(account_id).filter(({ standalone }) => standalone)
    if (account?.alert_id == null || !signal) return []
    const { alert_id, alert_revision } = account
    return [this.tell(signal, hop, { alert_id, revision: alert_revision + 1, status: 'withdrawn' })]
  }

  private tell(signal: Signal, hop: HopInput, identity: Pick<Alert, 'alert_id' | 'revision' | 'status'>): Output {
    this.told++
    const value = accountAlert(signal, hop, { ...identity, config_hash: this.options.config_hash })
    return { topic: 'alerts', key: signal.account_id, partition: 0, value }
  }
}
