import type { TopicName } from '../../../schemas/topics.ts'
import type { Account, Request } from '../../../schemas/types.ts'
import type { TopicValues } from '../../../schemas/values.ts'
import type { Findings, Method } from '../method.ts'
import { AccountTable } from './account-table.ts'
import { LinkedGroups, type LinkedGroupsParameters } from './linked-groups.ts'
import { PairTable } from './pair-table.ts'

export interface SharedNetworksParameters extends LinkedGroupsParameters {
  /** Of one kind, networks or autonomous systems, that two accounts must share. */
  readonly shared_min: number
  /** An object that this many accounts hold links no further ones. */
  readonly holders_max: number
  readonly accounts_max: number
  readonly objects_max: number
  readonly pairs_max: number
}

/** EvilCohort prunes below about ten shared addresses and BotGraph raises its weight until the giant component breaks; this is the lowest weight of all, and was not tuned. */
export const SHARED_NETWORKS: SharedNetworksParameters = {
  shared_min: 2,
  members_min: 3,
  members: 'organisations',
  growth_min: 0.2,
  holders_max: 100,
  accounts_max: 1_000_000,
  objects_max: 2_000_000,
  pairs_max: 2_000_000,
}

/**
 * B5: accounts that share addresses, as in EvilCohort (Stringhini et al., USENIX Security 2015), or autonomous systems, as in
 * BotGraph (Zhao et al., NSDI 2009), joined into components. Neither EvilCohort's communities (Louvain) nor BotGraph's rising
 * weights are there: components at one weight. Sharing never expires; an account is of the organisation first said of it.
 */
export function sharedNetworks(parameters: SharedNetworksParameters = SHARED_NETWORKS): Method {
  return new SharedNetworks(parameters)
}

class SharedNetworks implements Method {
  readonly name = 'B5'
  readonly summary: string
  private readonly parameters: SharedNetworksParameters
  private readonly organisations: AccountTable<{ org_id: string | null }>
  private readonly holders = new Map<string, Set<string>>()
  private readonly pairs: PairTable<{ network: number; asn: number }>
  private readonly groups: LinkedGroups
  private readonly accountScores = new Map<string, number>()

  constructor(parameters: SharedNetworksParameters) {
    this.parameters = parameters
    this.summary = `${parameters.members_min} organisations or more whose accounts share ${parameters.shared_min} networks or autonomous systems`
    this.organisations = new AccountTable(parameters.accounts_max, () => ({ org_id: null }))
    this.pairs = new PairTable(parameters.pairs_max, () => ({ network: 0, asn: 0 }))
    this.groups = new LinkedGroups(this.name, parameters)
  }

  take<Topic extends TopicName>(topic: Topic, value: TopicValues[Topic]): void {
    if (topic === 'accounts') this.belongs(value as Account)
    else if (topic === 'requests') this.takeRequest(value as Request)
  }

  finish(): Findings {
    return { findings: this.groups.finish(), accountScores: this.accountScores }
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
    if (client.network_hash !== null) this.hold('network', client.network_hash, account_id, end_time_ms)
    if (client.asn !== null) this.hold('asn', client.asn, account_id, end_time_ms)
  }

  private hold(kind: 'network' | 'asn', object: number, account_id: string, event_time_ms: number): void {
    const key = `${kind}:${object}`
    let holders = this.holders.get(key)
    if (!holders) {
      if (this.holders.size >= this.parameters.objects_max) return
      holders = new Set()
      this.holders.set(key, holders)
    }
    if (holders.has(account_id) || holders.size >= this.parameters.holders_max) return
    for (const other of holders) this.share(kind, other, account_id, event_time_ms)
    holders.add(account_id)
  }

  private share(kind: 'network' | 'asn', a: string, b: string, event_time_ms: number): void {
    const shared = this.pairs.of(a, b)
    if (!shared) return
    shared[kind]++
    for (const id of [a, b]) this.accountScores.set(id, Math.max(shared[kind], this.accountScores.get(id) ?? 0))
    if (shared[kind] === this.parameters.shared_min) this.groups.link(this.linked(a), this.linked(b), event_time_ms)
  }

  private linked(account_id: string): { account_id: string; org_id: string } {
    return { account_id, org_id: this.organisations.of(account_id)?.org_id ?? account_id }
  }
}
