import type { Alert } from '../../schemas/types.ts'
import { compareText } from '../stream/order.ts'

/** One alert revision as CONTRACT's NDJSON line: fields in a fixed order, times in RFC 3339, so that equal alerts are equal bytes. */
export function alertLine(alert: Alert): string {
  const { exposure } = alert
  return JSON.stringify({
    alert_id: alert.alert_id,
    revision: alert.revision,
    status: alert.status,
    ...(alert.merged_into === null ? {} : { merged_into: alert.merged_into }),
    ...(alert.split_from === null ? {} : { split_from: alert.split_from }),
    event_time: rfc3339(alert.event_time_ms),
    subject: { kind: alert.subject.kind, id: alert.subject.id },
    accounts: alert.accounts.map(member),
    related_accounts: alert.related_accounts.map(member),
    score: alert.score,
    score_basis: alert.score_basis,
    severity: alert.severity,
    objectives: alert.objectives,
    evidence: alert.evidence.map((e) => ({
      detector: e.detector,
      version: e.version,
      block: e.block,
      status: e.status,
      window: e.window,
      segment: e.segment,
      n: e.n,
      p_value: e.p_value,
      e_value: e.e_value,
      observed: e.observed,
      baseline: e.baseline,
      detail: e.detail,
    })),
    exposure: {
      requests: exposure.requests,
      output_tokens: exposure.output_tokens,
      first_seen: rfc3339(exposure.first_seen_ms),
      last_seen: rfc3339(exposure.last_seen_ms),
    },
    blast_radius: {
      accounts: alert.blast_radius.accounts,
      organisations: alert.blast_radius.organisations,
      paying_share: alert.blast_radius.paying_share,
      median_tenure_days: alert.blast_radius.median_tenure_days,
    },
    recommended_action: alert.recommended_action,
    config_hash: alert.config_hash,
  })
}

/** Order of lines: event time, alert, revision (CONTRACT). */
export function compareAlerts(a: Alert, b: Alert): number {
  return a.event_time_ms - b.event_time_ms || compareText(a.alert_id, b.alert_id) || a.revision - b.revision
}

function member({ account_id, org_id, score, reasons }: Alert['accounts'][number]) {
  return { account_id, org_id, score, reasons }
}

function rfc3339(time_ms: number): string {
  return new Date(time_ms).toISOString()
}
