import { toTime } from '../sample/account.ts'
import type { Random } from '../sample/random.ts'
import { FRAMEWORK_PROMPTS } from '../sample/world.ts'
import { hexId } from '../traces/ids.ts'
import type { Account, AccountRecord } from './account.ts'
import { createClients } from './clients.ts'
import { createMail } from './mail.ts'
import { createModels } from './models.ts'
import { createNetworks } from './networks.ts'
import { createPayments } from './payments.ts'
import type { Window } from './stage.ts'
import type { NetworkKind, Organisation, World } from './world.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

type Plan = AccountRecord['plan']

const PLANS: readonly Plan[] = [
  'pay_as_you_go',
  'pay_as_you_go',
  'pay_as_you_go',
  'pay_as_you_go',
  'subscription',
  'subscription',
  'team',
  'enterprise',
  'free',
]
const QUOTA_TOKENS: Record<Plan, number> = {
  free: 1_000_000,
  pay_as_you_go: 50_000_000,
  subscription: 20_000_000,
  team: 200_000_000,
  enterprise: 2_000_000_000,
}
/** Self-serve accounts begin small: the first week's ceiling, tokens a month. */
const STARTER_QUOTA_TOKENS = 2_000_000
const STARTER_MS = 7 * DAY_MS

/** Customers that signed up in the last fortnight or sign up while the simulation runs; the others over two years. */
const RECENT_SHARE = 0.25
const RECENT_DAYS = 14
const JOINING_SHARE = 0.12
const POOLED_CARD_SHARE = 0.05
const VPN_SHARE = 0.05
const CLOUD_SHARE = 0.42
const SAME_CLIENT_SHARE = 0.85
const KEEP_ALIVE_SHARE = 0.8
const DEVICE_SHARE = 0.4
const CLOUD_PATH_SHARE = 0.12

/** `accounts`: of the whole simulation; what strangers share grows with it. */
export function createWorld(seed: number, window: Window, accounts: number, random: Random): World {
  const networks = createNetworks(accounts)
  const clients = createClients(window)
  const payment = createPayments(seed, accounts)
  const emailDomain = createMail(seed)
  const { release, model } = createModels(window, random)
  let organisations = 0
  let minted = 0

  /** When a customer of the backbone came: long ago, lately, or still to come. */
  const createdTime = (draw: Random): number => {
    const at = draw.unit()
    if (at < JOINING_SHARE) return Math.round(draw.between(window.start_ms, window.end_ms))
    const age_ms =
      at < JOINING_SHARE + RECENT_SHARE
        ? draw.between(2 * HOUR_MS, RECENT_DAYS * DAY_MS)
        : draw.between(RECENT_DAYS * DAY_MS, 700 * DAY_MS)
    return Math.round(window.start_ms - age_ms)
  }

  const organisation: World['organisation'] = (draw, given = {}) => {
    const created_ms = given.created_ms ?? createdTime(draw)
    const plan = given.plan ?? draw.pick(PLANS)
    const network = given.network ?? pickNetwork(draw)
    return {
      org_id: `org-${hexId(10, seed, 'org', organisations++)}`,
      created_ms,
      plan,
      payment_fingerprint: plan === 'free' ? null : payment(draw, draw.chance(POOLED_CARD_SHARE)),
      email_domain: emailDomain(draw),
      network,
      addresses: [networks.address(draw, network)],
      client: clients.client(draw, Math.max(created_ms, window.start_ms)),
      ...given,
    }
  }

  const account: World['account'] = (draw, org, truth, given = {}) => {
    const id = hexId(10, seed, 'account', minted++)
    const { created_ms = joinTime(draw, org), ...overrides } = given
    const known_ms = Math.max(created_ms, window.start_ms)
    const home = org.addresses[0]!
    const young = known_ms - created_ms < STARTER_MS
    const plan = overrides.plan ?? org.plan
    const starter = young && (plan === 'pay_as_you_go' || plan === 'free')
    const record: AccountRecord = {
      type: 'account',
      event_id: `acc-${id}`,
      event_time: toTime(known_ms),
      account_id: `acct-${id}`,
      org_id: org.org_id,
      created_at: toTime(created_ms),
      plan,
      programme: draw.chance(0.05) ? draw.pick(['education', 'research', 'startup']) : 'none',
      verification: draw.pick(plan === 'enterprise' ? ['identity', 'card'] : ['email', 'card', 'card', 'phone']),
      billing_country: home.country,
      payment_fingerprint: org.payment_fingerprint,
      email_domain: org.email_domain,
      signup_ip: (draw.chance(0.7) ? home : networks.address(draw, 'carrier', home.country)).ip,
      monthly_quota_tokens: starter ? STARTER_QUOTA_TOKENS : QUOTA_TOKENS[plan],
      contract_flags: [],
      ...overrides,
    }
    const minted_account: Account = {
      record,
      truth,
      api_key_id: `key-${hexId(10, seed, 'key', id)}`,
      client: draw.chance(SAME_CLIENT_SHARE) ? org.client : clients.client(draw, known_ms),
      addresses: [...org.addresses],
      device_id: draw.chance(DEVICE_SHARE) ? `dev-${hexId(16, seed, 'device', id)}` : null,
      access_path: draw.chance(CLOUD_PATH_SHARE) ? draw.pick(['bedrock', 'vertex', 'foundry']) : 'first_party',
      keep_alive: draw.chance(KEEP_ALIVE_SHARE),
    }
    return minted_account
  }

  /** With its organisation, or within a month of it. */
  const joinTime = (draw: Random, { created_ms }: Organisation): number => {
    const latest_ms = created_ms >= window.start_ms ? window.end_ms : window.start_ms
    return Math.round(
      draw.chance(0.5) ? created_ms : draw.between(created_ms, Math.min(latest_ms, created_ms + 30 * DAY_MS)),
    )
  }

  return {
    organisation,
    account,
    address: (draw, kind, country) => networks.address(draw, kind, country),
    client: clients.client,
    upgraded: clients.upgraded,
    frozenClient: clients.frozen,
    payment,
    emailDomain,
    frameworkPrompts: FRAMEWORK_PROMPTS,
    model,
    release,
  }
}

function pickNetwork(random: Random): NetworkKind {
  if (random.chance(VPN_SHARE)) return 'vpn'
  return random.chance(CLOUD_SHARE) ? 'cloud' : 'carrier'
}
