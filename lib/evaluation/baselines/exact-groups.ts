import type { Account, Request } from '../../../schemas/types.ts'

/** Accounts that hang together through exact matches. */
export interface ExactGroup {
  /** The account that founded it. */
  readonly founder: string
  readonly accounts: Set<string>
  readonly organisations: Set<string>
  readonly payments: Set<string>
  readonly networks: Set<string>
}

export interface Growth {
  readonly group: ExactGroup
  /** Groups that are part of it now. */
  readonly absorbed: readonly ExactGroup[]
}

export interface ExactGroupsCeilings {
  readonly accounts_max: number
  readonly objects_max: number
}

/**
 * Connected components of accounts, organisations, payment fingerprints and networks. The smaller group moves into the larger, so that a node
 * moves at most log2(n) times. An account is of the organisation that was first said of it. Objects beyond `objects_max` link nothing.
 */
export class ExactGroups {
  private readonly groups = new Map<string, ExactGroup>()
  private readonly ceilings: ExactGroupsCeilings
  private accounts = 0
  private objects = 0

  constructor(ceilings: ExactGroupsCeilings) {
    this.ceilings = ceilings
  }

  of(account_id: string): ExactGroup | undefined {
    return this.groups.get(`account:${account_id}`)
  }

  all(): Set<ExactGroup> {
    return new Set(this.groups.values())
  }

  account({ account_id, org_id, payment_hash, signup_network_hash }: Account): Growth | null {
    return this.join(account_id, org_id, payment_hash, signup_network_hash)
  }

  request({ account_id, org_id, client }: Request): Growth | null {
    return this.join(account_id, org_id, null, client.network_hash)
  }

  /** Null: nothing grew. */
  private join(
    account_id: string,
    org_id: string | null,
    payment: number | null,
    network: number | null,
  ): Growth | null {
    const before = this.of(account_id)
    const size = before?.accounts.size
    const absorbed: ExactGroup[] = []
    let group = before ?? this.newAccount(account_id, org_id ?? account_id, absorbed)
    if (!group) return null
    if (payment !== null) group = this.hold(group, 'payments', `payment:${payment}`, absorbed)
    if (network !== null) group = this.hold(group, 'networks', `network:${network}`, absorbed)
    return group === before && group.accounts.size === size ? null : { group, absorbed }
  }

  private newAccount(account_id: string, org_id: string, absorbed: ExactGroup[]): ExactGroup | undefined {
    if (this.accounts >= this.ceilings.accounts_max) return undefined
    this.accounts++
    const group: ExactGroup = {
      founder: account_id,
      accounts: new Set([account_id]),
      organisations: new Set([org_id]),
      payments: new Set(),
      networks: new Set(),
    }
    this.groups.set(`account:${account_id}`, group)
    const organisation = this.groups.get(`organisation:${org_id}`)
    if (organisation) return this.merge(group, organisation, absorbed)
    this.groups.set(`organisation:${org_id}`, group)
    return group
  }

  private hold(group: ExactGroup, kind: 'payments' | 'networks', node: string, absorbed: ExactGroup[]): ExactGroup {
    const holder = this.groups.get(node)
    if (holder) return this.merge(group, holder, absorbed)
    if (this.objects >= this.ceilings.objects_max) return group
    this.objects++
    group[kind].add(node)
    this.groups.set(node, group)
    return group
  }

  private merge(a: ExactGroup, b: ExactGroup, absorbed: ExactGroup[]): ExactGroup {
    if (a === b) return a
    const [from, to] = nodes(a) < nodes(b) ? [a, b] : [b, a]
    for (const id of from.accounts) this.move(`account:${id}`, to, to.accounts, id)
    for (const id of from.organisations) this.move(`organisation:${id}`, to, to.organisations, id)
    for (const node of from.payments) this.move(node, to, to.payments, node)
    for (const node of from.networks) this.move(node, to, to.networks, node)
    absorbed.push(from)
    return to
  }

  private move(node: string, to: ExactGroup, members: Set<string>, id: string): void {
    members.add(id)
    this.groups.set(node, to)
  }
}

function nodes({ accounts, organisations, payments, networks }: ExactGroup): number {
  return accounts.size + organisations.size + payments.size + networks.size
}
