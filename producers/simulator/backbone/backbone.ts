import type { Random } from '../../sample/random.ts'
import type { Account } from '../account.ts'
import type { Actor } from '../actor.ts'
import { type Pace, servegenPaces } from '../pace/pace.ts'
import type { Stage } from '../stage.ts'
import { agents } from './agent.ts'
import type { Customer } from './customer.ts'
import { customerOf, pickManner } from './mint.ts'
import { person } from './person.ts'
import { program } from './program.ts'

const SEVERAL_KEYS_SHARE = 0.2
const KEYS_MAX = 20

/** Ordinary customers: people who chat, programs that call, agents that work. */
export function backbone(stage: Stage, { accounts, rate }: { readonly accounts: number; readonly rate: number }): void {
  const { random, world } = stage
  const pace = dealPaces(random.fork('paces'))
  for (let minted = 0; minted < accounts; ) {
    const org = world.organisation(random)
    const manner = pickManner(stage, org, pace, random)
    const keys = Math.min(accounts - minted, random.chance(SEVERAL_KEYS_SHARE) ? severalKeys(stage) : 1)
    for (let key = 0; key < keys; key++, minted++) {
      const truth: Account['truth'] = { label: 'benign', campaign_id: null, role: manner.kind, scenario: 'backbone' }
      const account = world.account(random, org, truth)
      stage.register(account)
      live(stage, customerOf(stage, account, manner, rate, random.fork(minted)))
    }
  }
}

/** Every real client once before any comes again: with as many programs as clients, all of them are in the traffic. */
function dealPaces(random: Random): () => Pace {
  let deck: Pace[] = []
  return () => {
    if (deck.length === 0) deck = random.shuffle(servegenPaces())
    return deck.pop()!
  }
}

/** Lets an ordinary account live from its first day on, or from `from_ms`. */
export function live(stage: Stage, customer: Customer, from_ms = firstMoment(stage, customer.account)): void {
  stage.spawn(behaviour(stage, customer, from_ms), from_ms)
}

function behaviour(stage: Stage, customer: Customer, from_ms: number): Actor {
  if (customer.kind === 'chat') return person(stage, customer, from_ms)
  return customer.kind === 'agent' ? agents(stage, customer, from_ms) : program(stage, customer, from_ms)
}

/** New accounts need a moment before their first call. */
function firstMoment({ window, random }: Stage, { record }: Account): number {
  const created_ms = Date.parse(record.created_at)
  return created_ms < window.start_ms ? window.start_ms : created_ms + 60_000 * random.logNormal(1)
}

/** 2 to 20, most of them few. */
function severalKeys({ random }: Stage): number {
  return Math.min(KEYS_MAX, 2 + Math.floor(random.weibull(0.8) * 2.5))
}
