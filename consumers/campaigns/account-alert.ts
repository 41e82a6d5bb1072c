import type { HopInput } from '../../lib/stream/processor.ts'
import type { Alert, Signal } from '../../schemas/types.ts'
import { blastRadius, exposure } from './exposure.ts'

// What is believed of an exact rule before its false positives have been counted here; the basis says `rule`.
const RULE_SCORE = 0.9

/** An alert about one account, on the strength of one standalone rule. */
export function accountAlert(
  signal: Signal,
  hop: HopInput,
  identity: Pick<Alert, 'alert_id' | 'revision' | 'status' | 'config_hash'>,
): Alert {
  const { account_id, context } = signal
  const accuses = identity.status === 'open'
  const member = { account_id, org_id: context.org_id, score: RULE_SCORE, reasons: [signal.detector] }
  return {
    ...identity,
    page: 0,
    pages: 1,
    merged_into: null,
    split_from: null,
    hop: hop.hop,
    event_time_ms: hop.end_ms,
    subject: { kind: 'account', id: account_id },
    accounts: accuses ? [member] : [],
    related_accounts: [],
    score: accuses ? RULE_SCORE : 0,
    score_basis: 'rule',
    severity: accuses ? 'medium' : 'low',
    objectives: accuses ? signal.objectives : [],
    evidence: [
      {
        detector: signal.detector,
        version: signal.version,
        block: signal.block,
        status: accuses ? 'active' : 'past',
        window: `${signal.window_ms / 60_000} min`,
        segment: signal.segment,
        n: signal.n,
        p_value: signal.p_value,
        e_value: null,
        observed: signal.observed,
        baseline: signal.baseline,
        detail: signal.reason,
      },
    ],
    exposure: exposure([context]),
    blast_radius: blastRadius([context], hop.end_ms),
    recommended_action: accuses ? 'verify' : 'observe',
  }
}
