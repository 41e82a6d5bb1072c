import { createHash } from 'node:crypto'
import { joinPages } from '../../lib/alerts/join-pages.ts'
import { Changes } from '../../lib/stream/changes.ts'
import { takeErasures } from '../../lib/stream/erasure.ts'
import { Expiry } from '../../lib/stream/expiry.ts'
import { compareText } from '../../lib/stream/order.ts'
import type { ChangelogEntry, HopInput, Output, Processor } from '../../lib/stream/processor.ts'
import type { Alert, AlertAccount, Decision, DecisionStatus, EnforcementState, Outcome } from '../../schemas/types.ts'
import { type Action, allowedAction, duration_ms } from './ladder.ts'
import type { EnforcementSettings } from './settings.ts'

const HOUR_MS = 3_600_000
const ALL_ALERTS = 'all'
// NUL can't stand in an id that passed the intake, so no account has this key.
const HOUR_KEY = '\u0000hour'
/** Outcomes that end a decision: the account was cleared, or has done what was asked. */
const REVOKING = new Set(['cleared', 'verified', 'appeal_overturned'])

/** Turns alerts into decisions that expire, name their alert and policy, state their blast radius, and are capped. */
export class EnforcementProcessor implements Processor {
  private readonly decisions = new Map<string, Decision>()
  private readonly expiry = new Expiry<string>(60_000)
  private readonly changes = new Changes()
  private readonly settings: EnforcementSettings
  private hour = { hour: -1, actions: new Map<string, number>() }
  private readonly counts = { alerts: 0, decisions: 0, capped: 0, revoked: 0, expired: 0 }

  constructor(settings: EnforcementSettings) {
    this.settings = settings
  }

  process(input: HopInput): Output[] {
    const { erased, hop } = takeErasures(input)
    const outputs = this.expire(hop.end_ms)
    outputs.push(...erased.flatMap((account_id) => this.erase(account_id)))
    outputs.push(...this.revokeBy(hop.records.outcomes ?? []))
    const alerts = joinPages(hop.records.alerts ?? [])
    this.counts.alerts += alerts.length
    // First what the alerts take back: a member of a campaign that merged is free for the decision of the one it joined.
    for (const alert of alerts) outputs.push(...this.acquit(alert))
    for (const alert of alerts) outputs.push(...this.obey(alert, hop.end_ms))
    return outputs
  }

  drainChanges(): ChangelogEntry[] {
    return this.changes.drain()
  }

  restore({ key, value }: ChangelogEntry): void {
    const entry = value as EnforcementState | null
    if (key === HOUR_KEY) {
      const actions = new Map(entry?.hour?.actions.map(({ name, count }) => [name, count]))
      this.hour = { hour: entry?.hour?.hour ?? -1, actions }
    } else if (entry?.decision) this.decisions.set(key, entry.decision)
    else this.decisions.delete(key)
  }

  restored(): void {
    for (const { account_id, expires_at_ms } of this.decisions.values()) this.expiry.schedule(account_id, expires_at_ms)
  }

  counters(): Readonly<Record<string, number>> {
    return { ...this.counts, decisions_held: this.decisions.size }
  }

  /** Takes back what was decided about those whom a revision no longer accuses. */
  private acquit(alert: Alert): Output[] {
    const accused = new Set(alert.accounts.map(({ account_id }) => account_id))
    return [...this.decisions.values()]
      .filter(({ alert_id, status }) => alert_id === alert.alert_id && status !== 'revoked')
      .filter(({ account_id }) => !accused.has(account_id))
      .sort((a, b) => compareText(a.account_id, b.account_id))
      .map((decision) => this.revoke(decision))
  }

  /** Decides about everyone a revision accuses. */
  private obey(alert: Alert, end_ms: number): Output[] {
    const action = allowedAction(alert.recommended_action, this.settings)
    const lasts_ms = duration_ms(action, this.settings)
    if (lasts_ms === null) return []
    return alert.accounts.flatMap((account) => this.decide(alert, account, action, end_ms, end_ms + lasts_ms))
  }

  private decide(alert: Alert, account: AlertAccount, action: Action, end_ms: number, expires_at_ms: number): Output[] {
    if (account.score < this.settings.member_score_min) return []
    const before = this.decisions.get(account.account_id)
    // One decision per account: the same alert renews it, another one leaves it alone until it expires.
    if (before && before.alert_id !== alert.alert_id && before.status === 'active') return []
    // Renewing is no new action: a breaker that counted it would take back what is in force.
    const isAllowed = before?.status === 'active' || this.passesBreaker(alert.alert_id, end_ms)
    const status: DecisionStatus = isAllowed ? 'active' : 'capped'
    const decision: Decision = {
      decision_id: decisionId(alert, account.account_id),
      account_id: account.account_id,
      org_id: account.org_id,
      action,
      mode: this.settings.mode,
      status,
      alert_id: alert.alert_id,
      alert_revision: alert.revision,
      policy_version: this.settings.policy_version,
      issued_at_ms: end_ms,
      expires_at_ms,
      blast_radius: alert.blast_radius,
      explanation: `alert ${alert.alert_id} revision ${alert.revision} (${alert.severity}, ${alert.score_basis}): ${account.reasons.join(', ')}`,
    }
    if (status === 'capped') this.counts.capped++
    else this.counts.decisions++
    return [this.put(decision)]
  }

  private passesBreaker(alert_id: string, end_ms: number): boolean {
    const hour = Math.floor((end_ms - 1) / HOUR_MS)
    if (hour !== this.hour.hour) this.hour = { hour, actions: new Map() }
    const { actions } = this.hour
    const all = actions.get(ALL_ALERTS) ?? 0
    const own = actions.get(alert_id) ?? 0
    if (all >= this.settings.actions_per_hour_max || own >= this.settings.actions_per_alert_hour_max) return false
    actions.set(ALL_ALERTS, all + 1)
    actions.set(alert_id, own + 1)
    this.changes.mark(HOUR_KEY, () => ({
      position: null,
      decision: null,
      hour: { hour, actions: [...actions].map(([name, count]) => ({ name, count })) },
    }))
    return true
  }

  private revokeBy(outcomes: readonly Outcome[]): Output[] {
    const accounts = new Set(
      outcomes.filter(({ outcome }) => REVOKING.has(outcome)).map(({ account_id }) => account_id),
    )
    return [...accounts].sort(compareText).flatMap((account_id) => {
      const decision = this.decisions.get(account_id)
      return decision && decision.status !== 'revoked' ? [this.revoke(decision)] : []
    })
  }

  private revoke(decision: Decision): Output {
    this.counts.revoked++
    return this.put({ ...decision, status: 'revoked' })
  }

  /** An expired decision leaves a tombstone: for a gateway no decision is no action. */
  private expire(now_ms: number): Output[] {
    const expired = this.expiry.take(now_ms, (account_id) => this.decisions.get(account_id)?.expires_at_ms ?? null)
    this.counts.expired += expired.length
    return expired.sort(compareText).map((account_id) => this.remove(account_id))
  }

  private erase(account_id: string): Output[] {
    if (!this.decisions.has(account_id)) return []
    this.expiry.forget(account_id)
    return [this.remove(account_id)]
  }

  private remove(account_id: string): Output {
    this.decisions.delete(account_id)
    this.changes.mark(account_id, () => null)
    return { topic: 'decisions', key: account_id, partition: null, value: null }
  }

  private put(decision: Decision): Output {
    const { account_id } = decision
    this.decisions.set(account_id, decision)
    this.expiry.schedule(account_id, decision.expires_at_ms)
    this.changes.mark(account_id, () => ({ position: null, decision, hour: null }))
    return { topic: 'decisions', key: account_id, partition: null, value: decision }
  }
}

function decisionId(alert: Alert, account_id: string): string {
  const parts = [alert.alert_id, String(alert.revision), account_id]
  return `d-${createHash('sha256').update(parts.join('\u0000')).digest('hex').slice(0, 16)}`
}
