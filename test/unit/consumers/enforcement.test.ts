import { expect, test } from 'vitest'
import { EnforcementProcessor } from '../../../consumers/enforcement/processor.ts'
import { enforcementSettings } from '../../../consumers/enforcement/settings.ts'
import type { Alert } from '../../../schemas/types.ts'

const HOP_MS = 60_000

function alertOf(alert_id: string, revision: number, accounts: readonly string[]): Alert {
  return {
    alert_id,
    revision,
    page: 0,
    pages: 1,
    status: accounts.length > 0 ? 'updated' : 'merged',
    merged_into: null,
    split_from: null,
    hop: 0,
    event_time_ms: 0,
    subject: { kind: 'campaign', id: alert_id },
    accounts: accounts.map((account_id) => ({ account_id, org_id: account_id, score: 0.9, reasons: [] })),
    related_accounts: [],
    score: 0.9,
    score_basis: 'rule',
    severity: 'medium',
    objectives: [],
    evidence: [],
    exposure: { requests: 1, output_tokens: 1, first_seen_ms: 0, last_seen_ms: 0 },
    blast_radius: { accounts: 1, organisations: 1, paying_share: 0, median_tenure_days: 0 },
    recommended_action: 'verify',
    config_hash: 'x',
  }
}

test.each([
  ['a-1', 'a-2'],
  ['a-2', 'a-1'],
])('a member whose alert %s is merged into %s keeps a decision, whichever id comes first', (older, survivor) => {
  const processor = new EnforcementProcessor(enforcementSettings.parse({}))
  const run = (hop: number, alerts: Alert[]) =>
    processor.process({ hop, end_ms: (hop + 1) * HOP_MS, records: { alerts }, late: new Set() })
  run(1, [alertOf(older, 1, ['moved']), alertOf(survivor, 1, ['stays'])])
  const outputs = run(2, [alertOf(survivor, 2, ['moved', 'stays']), alertOf(older, 2, [])])
  const last = outputs.filter(({ key }) => key === 'moved').at(-1)
  expect(last?.value).toMatchObject({ status: 'active', alert_id: survivor })
})
