import type { AccountRecord, Address, ClientTuple } from '../simulator/account.ts'
import { hexId } from '../traces/ids.ts'
import type { Random } from './random.ts'
import { CLIENT_TUPLES, type NetworkKind, pickAddress } from './world.ts'

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

export interface Label {
  label: 'benign' | 'malicious'
  campaign_id: string | null
  role: string
  scenario: string
}

/** An account, how it connects, and what it is in truth. */
export interface Account {
  record: AccountRecord
  api_key_id: string
  client: ClientTuple
  addresses: Address[]
  label: Label
  /** When its record enters the stream: at the start, or at its creation. */
  known_ms: number
}

/** What accounts of one organisation have in common. */
export interface Organisation {
  org_id: string
  created_ms: number
  plan: AccountRecord['plan']
  payment_fingerprint: string
  email_domain: string
  network: NetworkKind
  address: Address
  client: ClientTuple
}

const PLANS: readonly AccountRecord['plan'][] = [
  'pay_as_you_go',
  'pay_as_you_go',
  'pay_as_you_go',
  'pay_as_you_go',
  'subscription',
  'team',
  'enterprise',
  'free',
]
const PUBLIC_MAIL = ['gmail.com', 'outlook.com', 'proton.me', 'yahoo.com', 'qq.com', 'mailbox.example']
const QUOTA_TOKENS: Record<AccountRecord['plan'], number> = {
  free: 1_000_000,
  pay_as_you_go: 50_000_000,
  subscription: 20_000_000,
  team: 200_000_000,
  enterprise: 2_000_000_000,
}
/** Self-serve accounts begin small: the first week's ceiling, tokens a month. */
const STARTER_QUOTA_TOKENS = 2_000_000

/** Mints organisations and accounts. Ids are hashes, so that nothing can be read off their order. */
export class Registry {
  readonly accounts: Account[] = []
  private readonly seed: number
  private readonly start_ms: number
  private readonly random: Random
  private organisations = 0

  constructor(seed: number, start_ms: number, random: Random) {
    this.seed = seed
    this.start_ms = start_ms
    this.random = random
  }

  /** One in four organisations signed up within the last three days, as after a launch; the others over two years. */
  organisation(chosen: Partial<Organisation> = {}): Organisation {
    const random = this.random
    const org_id = `org-${hexId(10, this.seed, 'org', this.organisations++)}`
    const age_ms = random.chance(0.25)
      ? random.between(2 * HOUR_MS, 3 * DAY_MS)
      : random.between(3 * DAY_MS, 700 * DAY_MS)
    const network = chosen.network ?? pickNetwork(random)
    return {
      org_id,
      created_ms: Math.round(this.start_ms - age_ms),
      plan: random.pick(PLANS),
      payment_fingerprint: `pay-${hexId(12, this.seed, 'payment', org_id)}`,
      email_domain: random.chance(0.55) ? random.pick(PUBLIC_MAIL) : `${hexId(8, this.seed, 'mail', org_id)}.example`,
      network,
      address: pickAddress(random, network),
      client: CLIENT_TUPLES[random.zipf(CLIENT_TUPLES.length, 1.1)]!,
      ...chosen,
    }
  }

  /** An account of `org`, created with it, later, or at `created_ms`, on its card and behind its address. */
  account(org: Organisation, label: Label, created_ms = this.joinTime(org)): Account {
    const random = this.random
    const id = hexId(10, this.seed, 'account', this.accounts.length)
    const known_ms = Math.max(created_ms, this.start_ms)
    const young = this.start_ms - created_ms < 7 * DAY_MS
    const starter = young && (org.plan === 'pay_as_you_go' || org.plan === 'free')
    const signup = random.chance(0.7) ? org.address : pickAddress(random, 'carrier')
    const account: Account = {
      record: {
        type: 'account',
        event_id: `acc-${id}`,
        event_time: toTime(known_ms),
        account_id: `acct-${id}`,
        org_id: org.org_id,
        created_at: toTime(created_ms),
        plan: org.plan,
        programme: random.chance(0.05) ? random.pick(['education', 'research', 'startup']) : 'none',
        verification: random.pick(
          org.plan === 'enterprise' ? ['identity', 'card'] : ['email', 'card', 'card', 'phone'],
        ),
        billing_country: org.address.country,
        payment_fingerprint: org.plan === 'free' ? null : org.payment_fingerprint,
        email_domain: org.email_domain,
        signup_ip: signup.ip,
        monthly_quota_tokens: starter ? STARTER_QUOTA_TOKENS : QUOTA_TOKENS[org.plan],
        contract_flags: [],
      },
      api_key_id: `key-${hexId(10, this.seed, 'key', id)}`,
      client: random.chance(0.85) ? org.client : CLIENT_TUPLES[random.zipf(CLIENT_TUPLES.length, 1.1)]!,
      addresses: [org.address],
      label,
      known_ms,
    }
    this.accounts.push(account)
    return account
  }

  private joinTime(org: Organisation): number {
    return Math.round(this.random.between(org.created_ms, Math.min(this.start_ms, org.created_ms + 30 * DAY_MS)))
  }
}

function pickNetwork(random: Random): NetworkKind {
  if (random.chance(0.05)) return 'vpn'
  return random.chance(0.45) ? 'cloud' : 'carrier'
}

/** RFC 3339 with milliseconds, UTC. */
export function toTime(time_ms: number): string {
  return new Date(time_ms).toISOString()
}
