import type { TopicName } from '../../../schemas/topics.ts'
import type { Account, Request } from '../../../schemas/types.ts'
import type { TopicValues } from '../../../schemas/values.ts'
import type { Findings, Method } from '../method.ts'
import { AccountTable } from './account-table.ts'
import { ComponentFindings } from './component-findings.ts'
import { PairTable } from './pair-table.ts'
import { UnionFind } from './union-find.ts'
import { HOUR_MS } from './usage-day.ts'

export interface SharedNetworksParameters {
  /** Of one kind, networks or autonomous systems, that two accounts must share to begin with. */
  readonly shared_min: number
  /** A component of more accounts is giant: more must be shared within it. */
  readonly giant_accounts: number
  readonly organisations_min: number
  /** An object that this many accounts hold links no further ones. */
  readonly holders_max: number
  /** Components are looked for this often, in event time. */
  readonly step_ms: number
  readonly accounts_max: number
  readonly objects_max: number
  readonly pairs_max: number
}

/**
 * EvilCohort prunes below about ten shared addresses in months of logs, which nobody reaches in half a day; the weights begin at one, as
 * BotGraph's do. The sizes are ours; of giants from 30 or 100 accounts and 20, 100 or 1,000 holders none found more.
 */
export const SHARED_NETWORKS: SharedNetworksParameters = {
  shared_min: 1,
  giant_accounts: 30,
  organisations_min: 3,
  holders_max: 100,
  step_ms: HOUR_MS,
  accounts_max: 1_000_000,
  objects_max: 2_000_000,
  pairs_max: 2_000_000,
}

/**
 * B5: accounts that share addresses, as in EvilCohort (Stringhini et al., USENIX Security 2015), or autonomous systems, as in BotGraph (Zhao
 * et al., NSDI 2009), each in a graph of its own. As in BotGraph the weight that links two rises within a component for as long as that
 * is giant. EvilCohort's communities (Louvain) are not there. Sharing never expires; an account is of the organisation first said of it.
 */
export function sharedNetworks(parameters: SharedNetworksParameters = SHARED_NETWORKS): Method {
  return new SharedNetworks(parameters)
}

type Kind = 'network' | 'asn'
type Edge = readonly [a: string, b: string, shared: Readonly<Record<Kind, number>>]

class SharedNetworks implements Method {
  readonly name = 'B5'
  readonly summary: string
  private readonly parameters: SharedNetworksParameters
  private readonly organisations: AccountTable<{ org_id: string | null }>
  private readonly holders = new Map<string, Set<string>>()
  private readonly pairs: PairTable<Record<Kind, number>>
  private readonly findings = new ComponentFindings('B5')
  private readonly accountScores = new Map<string, number>()
  private latest_ms = Number.NEGATIVE_INFINITY
  private next_ms = Number.NEGATIVE_INFINITY

  constructor(parameters: SharedNetworksParameters) {
    this.parameters = parameters
    this.summary = `${parameters.organisations_min} organisations or more whose accounts share networks or autonomous systems, the more of them the larger the group`
    this.organisations = new AccountTable(parameters.accounts_max, () => ({ org_id: null }))
    this.pairs = new PairTable(parameters.pairs_max, () => ({ network: 0, asn: 0 }))
  }

  take<Topic extends TopicName>(topic: Topic, value: TopicValues[Topic]): void {
    if (topic === 'accounts') this.belongs(value as Account)
    else if (topic === 'requests') this.takeRequest(value as Request)
  }

  finish(): Findings {
    this.look()
    return { findings: this.findings.finish(), accountScores: this.accountScores }
  }

  /** False: beyond the ceiling, not watched. */
  private belongs({ account_id, org_id }: Pick<Request, 'account_id' | 'org_id'>): boolean {
    const account = this.organisations.of(account_id)
    if (account) account.org_id ??= org_id
    return account !== undefined
  }

  private takeRequest(request: Request): void {
    if (!this.belongs(request)) return
    const { account_id, client, end_time_ms } = request
    if (client.network_hash !== null) this.hold('network', client.network_hash, account_id)
    if (client.asn !== null) this.hold('asn', client.asn, account_id)
    this.latest_ms = Math.max(this.latest_ms, end_time_ms)
    if (this.latest_ms < this.next_ms) return
    this.next_ms = this.latest_ms + this.parameters.step_ms
    this.look()
  }

  private hold(kind: Kind, object: number, account_id: string): void {
    const key = `${kind}:${object}`
    let holders = this.holders.get(key)
    if (!holders) {
      if (this.holders.size >= this.parameters.objects_max) return
      holders = new Set()
      this.holders.set(key, holders)
    }
    if (holders.has(account_id) || holders.size >= this.parameters.holders_max) return
    for (const other of holders) this.share(kind, other, account_id)
    holders.add(account_id)
  }

  private share(kind: Kind, a: string, b: string): void {
    const shared = this.pairs.of(a, b)
    if (!shared) return
    shared[kind]++
    for (const id of [a, b]) this.accountScores.set(id, Math.max(shared[kind], this.accountScores.get(id) ?? 0))
  }

  private look(): void {
    const edges = [...this.pairs.entries()]
    for (const kind of ['network', 'asn'] as const) this.split(kind, edges, this.parameters.shared_min)
  }

  private split(kind: Kind, edges: readonly Edge[], weight: number): void {
    const kept = edges.filter(([, , shared]) => shared[kind] >= weight)
    if (kept.length === 0) return
    const links = new UnionFind()
    for (const [a, b] of kept) links.join(a, b)
    const giant = new Set<string>()
    for (const component of links.components()) {
      if (component.length > this.parameters.giant_accounts) for (const id of component) giant.add(id)
      else this.tell(component)
    }
    if (giant.size > 0)
      this.split(
        kind,
        kept.filter(([a]) => giant.has(a)),
        weight + 1,
      )
  }

  private tell(component: readonly string[]): void {
    const organisations = new Set(component.map((id) => this.organisations.of(id)?.org_id ?? id)).size
    if (organisations >= this.parameters.organisations_min)
      this.findings.tell(component, 1 - 1 / organisations, this.latest_ms)
  }
}
