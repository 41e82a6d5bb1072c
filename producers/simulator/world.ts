import type { Random } from '../sample/random.ts'
import type { Account, Address, ClientTuple } from './account.ts'

export type NetworkKind = 'cloud' | 'carrier' | 'residential_proxy' | 'vpn'

/** A paying customer: accounts of one share card, domain and network, as far as `account` is not told otherwise. */
export interface Organisation {
  org_id: string
  created_ms: number
  plan: Account['record']['plan']
  payment_fingerprint: string | null
  email_domain: string
  network: NetworkKind
  addresses: Address[]
  client: ClientTuple
}

/** Mints what exists. Ids and addresses are hashes of the seed, so that nothing can be read off their order or form. */
export interface World {
  /** Drawn like any customer of the backbone; what is given stands. */
  organisation(random: Random, given?: Partial<Organisation>): Organisation
  /** An account of it, not registered yet. `given` overrides fields of the record. */
  account(
    random: Random,
    org: Organisation,
    truth: Account['truth'],
    given?: Partial<Account['record']> & { created_ms?: number },
  ): Account
  /** Near `country`, when the kind of network is there. */
  address(random: Random, kind: NetworkKind, country?: string): Address
  /** What an ordinary account runs at that moment: the mix of versions moves with releases. */
  client(random: Random, at_ms: number): ClientTuple
  /** The same program at its latest release, as after an upgrade. */
  upgraded(client: ClientTuple, at_ms: number): ClientTuple
  /** The exact tuple of a relay program that froze it at some release (field: R4), by the program's index. */
  frozenClient(index: number): ClientTuple
  /** A card nobody else has; `reuse` draws from the pools that unrelated customers share (virtual cards, resellers). */
  payment(random: Random, reuse?: boolean): string
  /** A public mail provider, a disposable domain (3% of the backbone), or one of its own. */
  emailDomain(random: Random, kind?: 'public' | 'disposable' | 'own'): string
  /** System prompts of public frameworks, by popularity. */
  readonly frameworkPrompts: readonly string[]
  /** Models by popularity at that moment; a release moves part of the traffic over days. */
  model(random: Random, at_ms: number): string
  /** When the new model comes out within the window, and its name. */
  readonly release: { readonly at_ms: number; readonly model: string }
}
