import type { Random } from '../../sample/random.ts'
import type { Account } from '../account.ts'
import type { Evasion } from '../evasion.ts'
import type { ScenarioSettings, Stage } from '../stage.ts'
import type { Organisation } from '../world.ts'

const HOUR_MS = 3_600_000
/** Machines that all accounts of a naive relay leave through. */
const MACHINES = 4
const OTHER_EXIT_SHARE = 0.2
const BUILT_IN_SHARE = 0.2

export interface Recruit {
  readonly role: string
  /** Absent: bought, as old as any customer's that was there before the window. */
  readonly created_ms?: number
  readonly plan?: Organisation['plan']
  readonly access_path?: string
}

/** Makes a campaign's accounts: each an organisation of its own, alike in what the level does not hide. */
export interface Crew {
  /** Registers it, at its creation or at the start of the window. */
  recruit(recruit: Recruit): Account
}

export function createCrew(
  { world, window, register }: Pick<Stage, 'world' | 'window' | 'register'>,
  {
    scenario,
    instance,
    level,
    campaign_id,
  }: Pick<ScenarioSettings, 'instance' | 'level'> & { scenario: string; campaign_id: string },
  evasion: Evasion,
  random: Random,
): Crew {
  const cards = Array.from({ length: evasion.cards ?? 0 }, () => world.payment(random))
  const machines = Array.from({ length: MACHINES }, () => world.address(random, 'cloud'))
  const program = random.int(6)

  const clientAt = (at_ms: number): Account['client'] => {
    if (evasion.client === 'stale') return world.frozenClient(program)
    // Some programs come with a release built in, others copy what their first customer ran; neither moves on.
    if (evasion.client === 'frozen' && random.chance(BUILT_IN_SHARE)) return world.frozenClient(random.int(6))
    return world.client(random, at_ms)
  }

  const ownNetwork = (): Partial<Organisation> => {
    if (evasion.network === 'machines') return { network: 'cloud', addresses: [random.pick(machines)] }
    // Homes go offline, and then a relay leaves by what it has.
    if (evasion.network === 'mixed' || random.chance(OTHER_EXIT_SHARE)) return {}
    const addresses = Array.from({ length: 1 + random.int(2) }, () => world.address(random, 'residential_proxy'))
    return { network: 'residential_proxy', addresses }
  }

  return {
    recruit({ role, created_ms: given_ms, plan, access_path }) {
      const drawn = world.organisation(random)
      const created_ms = Math.round(
        given_ms ?? Math.min(drawn.created_ms, window.start_ms - random.between(2, 48) * HOUR_MS),
      )
      const org: Organisation = {
        ...drawn,
        ...ownNetwork(),
        created_ms,
        plan: plan ?? (drawn.plan === 'free' || drawn.plan === 'enterprise' ? 'pay_as_you_go' : drawn.plan),
        payment_fingerprint:
          cards.length > 0 ? random.pick(cards) : (drawn.payment_fingerprint ?? world.payment(random)),
        client: clientAt(Math.max(created_ms, window.start_ms)),
      }
      if (random.chance(evasion.disposableShare)) org.email_domain = world.emailDomain(random, 'disposable')
      const truth = { label: 'malicious', campaign_id, role, scenario, instance, level } as const
      const account = world.account(random, org, truth, { created_ms })
      account.client = org.client
      account.access_path = access_path ?? account.access_path
      // Relay programs keep no connections unless they are told to (field: R6).
      if (level === 0) account.keep_alive = false
      else if (level < 3) account.keep_alive = random.chance(0.5)
      register(account)
      return account
    },
  }
}
