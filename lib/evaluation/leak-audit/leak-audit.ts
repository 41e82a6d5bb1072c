import type { Label } from '../label.ts'
import { AccountAggregates } from './account-aggregates.ts'
import { type Features, recordFeatures } from './fields.ts'
import { BottomSample, type Sampled } from './sample.ts'
import { type Classes, type Separation, separateFields } from './separation.ts'

/** Requests looked at of each scenario and level, and of the benign. 45 groups × 2,000 × 1.5 kB ≈ 135 MB at the very most. */
const MALICIOUS_RECORDS_MAX = 2_000
const BENIGN_RECORDS_MAX = 4_000
interface Group {
  readonly scenario: string
  readonly level: number
  readonly requests: BottomSample
  readonly accounts: Sampled[]
  readonly aggregates: Sampled[]
}

type RawRecord = Readonly<Record<string, unknown>>

/**
 * Asks of every raw field whether it alone tells a campaign from benign traffic: then the traffic, not the detector, is what an evaluation
 * measures. Takes input records before the edge sketch. Accounts without a label are counted in `unlabelled` and left out.
 */
export class LeakAudit {
  unlabelled = 0
  private readonly groupOf = new Map<string, Group>()
  private readonly halfOf = new Map<string, 0 | 1>()
  private readonly malicious = new Map<string, Group>()
  private readonly benign = emptyGroup('benign', 0, BENIGN_RECORDS_MAX)
  private readonly facts = new Map<string, Features>()
  private readonly aggregates = new AccountAggregates()

  constructor(labels: Iterable<Label>) {
    const members = new Map<Group, string[]>()
    for (const { account_id, label, scenario, level } of labels) {
      const group = label === 'benign' ? this.benign : this.groupFor(scenario, level ?? 0)
      this.groupOf.set(account_id, group)
      const ids = members.get(group)
      if (ids === undefined) members.set(group, [account_id])
      else ids.push(account_id)
    }
    for (const ids of members.values())
      for (const [index, account_id] of ids.sort().entries()) this.halfOf.set(account_id, (index % 2) as 0 | 1)
  }

  take(record: RawRecord): void {
    const { type, account_id } = record
    if ((type !== 'request' && type !== 'account') || typeof account_id !== 'string') return
    const group = this.groupOf.get(account_id)
    if (group === undefined) {
      this.unlabelled++
      return
    }
    if (type === 'account') {
      // The first record: what a provider knows from the start. Later ones often follow from an enforcement.
      if (!this.facts.has(account_id)) this.facts.set(account_id, recordFeatures(record))
      return
    }
    this.aggregates.add(account_id, record)
    group.requests.add(String(record.event_id), account_id, () => recordFeatures(record))
  }

  /** Every field of every scenario, worst first. */
  separations(): Separation[] {
    for (const [account_id, features] of this.facts)
      this.groupOf.get(account_id)!.accounts.push({ account_id, features })
    for (const { account_id, features } of this.aggregates.entries())
      this.groupOf.get(account_id)!.aggregates.push({ account_id, features })
    const benign = this.joined(this.benign)
    const found: Separation[] = []
    for (const group of this.malicious.values()) {
      const compare = (of: Separation['of'], malicious: readonly Sampled[], benign: readonly Sampled[]) => {
        const classes: Classes = { malicious, benign, halfOf: this.halfOf }
        for (const row of separateFields(of, group.level, classes)) found.push({ scenario: group.scenario, ...row })
      }
      compare('request', this.joined(group), benign)
      compare('account', group.accounts, this.benign.accounts)
      compare('aggregate', group.aggregates, this.benign.aggregates)
    }
    return found.sort((a, b) => b.auc - a.auc)
  }

  private groupFor(scenario: string, level: number): Group {
    const key = `${scenario} L${level}`
    const group = this.malicious.get(key) ?? emptyGroup(scenario, level, MALICIOUS_RECORDS_MAX)
    this.malicious.set(key, group)
    return group
  }

  /** Sampled requests with the fields of their account beside their own. */
  private joined(group: Group): Sampled[] {
    return group.requests.records().map(({ account_id, features }) => {
      const facts = [...(this.facts.get(account_id) ?? [])].map(([name, value]) => [`account.${name}`, value] as const)
      return { account_id, features: new Map([...features, ...facts]) }
    })
  }
}

function emptyGroup(scenario: string, level: number, records_max: number): Group {
  return { scenario, level, requests: new BottomSample(records_max), accounts: [], aggregates: [] }
}
