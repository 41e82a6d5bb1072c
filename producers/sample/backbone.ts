import type { Content } from '../simulator/actor.ts'
import type { Account, Organisation, Registry } from './account.ts'
import type { Library } from './library.ts'
import { agentRun, conversation, type Kind, pickAnswer, pickParams, pickQuestion, pickSystem } from './prompts.ts'
import type { Random } from './random.ts'
import { type Ask, type Draft, draftRequest } from './request.ts'
import { type Call, clientCalls, sessionCalls, type Window } from './timing.ts'
import { MODELS, pickAddress } from './world.ts'

/** Everything a generator needs; `random` is its own stream. */
export interface Stage {
  registry: Registry
  library: Library
  window: Window
  random: Random
}

const ORGANISATIONS = 443
const MULTI_KEY_SHARE = 0.2
const ACCOUNTS_PER_ORG_MAX = 8

/** Ordinary customers: people who chat, programs that call, agents that work. */
export function* backbone(stage: Stage): Generator<Draft> {
  const { registry, random } = stage
  const organisations = Array.from({ length: ORGANISATIONS }, () => registry.organisation())
  shareVirtualCards(organisations)
  for (const org of organisations) {
    const share = random.unit()
    const kind: Kind = share < 0.52 ? 'chat' : share < 0.87 ? 'api' : 'agent'
    const several = random.chance(MULTI_KEY_SHARE)
    const accounts = several ? Math.min(ACCOUNTS_PER_ORG_MAX, 2 + Math.floor(random.weibull(1) * 1.1)) : 1
    const system = pickSystem(stage.library, org.org_id, random)
    for (let index = 0; index < accounts; index++) {
      const account = registry.account(org, { label: 'benign', campaign_id: null, role: kind, scenario: 'backbone' })
      yield* ordinaryCalls(stage, account, kind, system)
    }
  }
}

/** Issuers of virtual cards and resellers give a few unrelated customers one payment fingerprint. */
function shareVirtualCards(organisations: Organisation[]): void {
  for (const [first, size] of [
    [20, 3],
    [120, 4],
    [260, 3],
  ] as const) {
    const group = organisations.slice(first, first + size)
    for (const org of group) org.payment_fingerprint = group[0]!.payment_fingerprint
  }
}

/** An account's six hours. */
export function* ordinaryCalls(
  stage: Stage,
  account: Account,
  kind: Kind,
  system: string | undefined,
): Generator<Draft> {
  const { random } = stage
  const params = pickParams(kind, random)
  const favourite = random.pick(['atlas-large', 'atlas-large', 'atlas-mid', 'atlas-small'])
  if (kind === 'agent' && random.chance(0.2)) {
    // Build machines: every job runs somewhere else.
    account.addresses = Array.from({ length: 6 }, () => pickAddress(random, 'cloud'))
  }
  const contents = new Map<number, (turn: number) => Content>()
  const calls = ordinaryTimes(stage, kind)
  const turns = new Map<number, number>()
  for (const { session, turn } of calls) turns.set(session, turn + 1)
  for (const call of calls) {
    const known = contents.get(call.session)
    const content = known ?? sessionContent(stage, kind, system, turns.get(call.session)!)
    if (known === undefined) contents.set(call.session, content)
    const ask: Ask = {
      model: random.chance(0.9) ? favourite : random.pick(MODELS),
      params,
      content: () => content(call.turn),
      session_id: kind === 'api' ? undefined : `${account.api_key_id}-${call.session}`,
    }
    yield* withRetry(account, call, ask, random)
  }
}

function ordinaryTimes({ library, window, random }: Stage, kind: Kind): Call[] {
  if (kind === 'chat')
    return sessionCalls(library.chatSessions, Math.ceil(8 * random.logNormal(0.7)), library, window, random)
  if (kind === 'agent') return sessionCalls(library.agentSessions, 1 + random.int(3), library, window, random)
  return clientCalls(Math.min(400, 25 * random.logNormal(0.9)), library, window, random)
}

function sessionContent(
  { library, random }: Stage,
  kind: Kind,
  system: string | undefined,
  turns: number,
): (turn: number) => Content {
  if (kind === 'chat') return conversation(library, turns, system, random)
  if (kind === 'agent') return agentRun(library, system, random)
  const question = random.chance(0.7)
    ? pickQuestion(library, random)
    : random.pick([
        random.pick(library.math),
        random.pick(library.gsm8k).question,
        random.pick(library.functionCalls).prompt,
      ])
  const output = pickAnswer(library, random)
  return () => ({
    ...(system === undefined ? {} : { system }),
    messages: [{ role: 'user', content: question }],
    output,
  })
}

const REJECTION_SHARE = 0.02

/** One call in fifty is turned away once and sent again by the same account, as every SDK does. */
export function* withRetry(
  account: Account,
  call: Pick<Call, 'at_ms' | 'size'>,
  ask: Ask,
  random: Random,
): Generator<Draft> {
  let at_ms = Math.max(call.at_ms, account.known_ms + 5_000)
  if (random.chance(REJECTION_SHARE)) {
    yield draftRequest(account, at_ms, call.size, { ...ask, status: random.chance(0.7) ? 429 : 529 }, random)
    at_ms += random.between(1_000, 15_000)
  }
  yield draftRequest(account, at_ms, call.size, ask, random)
}
