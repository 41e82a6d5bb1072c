import type { Random } from '../../sample/random.ts'
import type { Account } from '../account.ts'
import type { Actor, Params } from '../actor.ts'
import { EVASION, type Evasion } from '../evasion.ts'
import { pickHabits } from '../habits.ts'
import type { Head } from '../pool/head.ts'
import { createPool, type Pool } from '../pool/pool.ts'
import type { ScenarioSettings, Stage, Window } from '../stage.ts'
import { pickFamily, writeWrapper } from '../wrappers/index.ts'
import { PLACES, type Place, placeWrapper } from '../wrappers/placement.ts'
import type { Objective } from '../wrappers/wrapper.ts'
import { type Crew, createCrew, type Recruit } from './crew.ts'
import { drawAgentSession, drawConversation, meanTurns } from './customers.ts'
import type { Job } from './job.ts'
import { createPhrasebook, type Phrasebook } from './phrasebook.ts'
import { workTimes } from './rhythm.ts'
import { type Delivery, send } from './send.ts'
import type { Session } from './session.ts'
import { drawOneShot } from './tasks.ts'

/** What makes one campaign different from another; the evasion level does the rest. */
export interface CampaignPlan {
  readonly scenario: string
  /** Default: the instance. */
  readonly campaign_id?: string
  /** Per account and day when nobody watches; `rate` and the level multiply it. */
  readonly requestsPerDay: number
  readonly evasion?: Partial<Evasion>
  /** Where its instructions stand; default anywhere. */
  readonly places?: readonly Place[]
  /** Told once per account, when it is refused for the first time. Default: it is replaced within three hours. */
  lost?(head: Head, at_ms: number, campaign: Campaign): void
  /** The provider bans every account after so long in use. */
  lifetime_ms?(random: Random): number
}

/** How an account comes to a pool. */
export interface Hiring extends Omit<Recruit, 'created_ms'> {
  /** When the relay begins to use it. Default: at the start of the window. */
  readonly at_ms?: number
  /** Days that it has existed by then unless it was bought aged; default 0.2 to 14. */
  readonly age_days?: readonly [number, number]
  /** Default: the campaign's own pool. */
  readonly pool?: Pool
}

/** A stream of requests that a campaign has done. */
export interface Work {
  /** Requests per day. */
  readonly perDay: number
  readonly window?: Window
  readonly pace?: Evasion['pace']
  /** Draws what is asked for at that moment. */
  session(at_ms: number, random: Random): Session
  /** Calls of a session on average; default 1. */
  readonly turns?: number
  /** So many sessions begin together, within 1 to 5 s. Default 1. */
  readonly volley?: readonly [number, number]
  /** Which pool does it; default the campaign's own. */
  pool?(at_ms: number): Pool
}

/** What earlier turns of a conversation leave to the next. */
export interface Carried {
  readonly signatures?: readonly string[]
  readonly cachedBy?: Head
}

export interface Campaign {
  readonly evasion: Evasion
  readonly random: Random
  readonly pool: Pool
  readonly crew: Crew
  readonly phrasebook: Phrasebook
  /** Requests per account and day, after `rate` and the level. */
  readonly requestsPerDay: number
  /** Lets an account join a pool at its time. */
  hire(hiring: Hiring): void
  /** Registers accounts that were bought aged and sleep until `replace` wakes them. */
  stock(count: number, role: string): void
  /** Puts another account into the place of a lost one after a while: of the stock, else one made for the occasion. */
  replace(at_ms: number, delay_ms: readonly [number, number], pool?: Pool): void
  work(work: Work): void
  /** Work of which `coverShare`, or what the level asks for if that is more, is conversations of the relay's own users. */
  mixed(work: Work & { readonly coverShare?: number }): void
  /** Parameters of the lab's program at level 0, where it knows no others. */
  readonly fixedParams: Params | undefined
  /** One call for an objective; conversations and agents' runs of relayed users. */
  oneShot(objective: Objective, model: string, random: Random): Session
  conversation(model: string, random: Random, objective?: (turn: number) => Objective | null): Session
  agentSession(model: string, random: Random, objective?: (turn: number) => Objective | null): Session
  /** One more wording of any family, as who searches for one that works tries them. */
  trial(objective: Objective, random: Random): string
  readonly turns: { readonly conversation: number; readonly agent: number }
  /** Sends a turn through a pool, with an instruction around it where the session says so. */
  turn(
    session: Session,
    turn: number,
    at_ms: number,
    random: Random,
    pool?: Pool,
    carried?: Carried,
  ): ReturnType<typeof send>
  /** Another pool of the same habits. */
  newPool(): Pool
}

const DAY_MS = 86_400_000
const RAMP_SHARE_MAX = 0.3
/** A relay has new accounts within minutes or hours. */
const REPLACEMENT_MS = [30_000, 3 * 3_600_000] as const
const BAN_REASONS = ['payment_dispute', 'terms_of_service', 'signup_abuse'] as const
/** Signatures of earlier turns that a client still sends along. */
const SIGNATURES_CARRIED = 4
/** Above its mean rate a head that watches ceilings never goes by more. */
const PEAK_FACTOR = 1.6

export function createCampaign(stage: Stage, settings: ScenarioSettings, plan: CampaignPlan): Campaign {
  const { library, window, spawn } = stage
  const base = { ...EVASION[settings.level], ...plan.evasion }
  const ramp_ms = Math.min(base.ramp_ms, RAMP_SHARE_MAX * (window.end_ms - window.start_ms))
  const evasion = { ...base, ramp_ms }
  const random = stage.random.fork(plan.campaign_id ?? settings.instance)
  const campaign_id = plan.campaign_id ?? settings.instance
  const requestsPerDay = plan.requestsPerDay * settings.rate * evasion.rateFactor
  const requestsPerDay_max = ramp_ms > 0 ? Math.max(4, requestsPerDay * PEAK_FACTOR) : Number.POSITIVE_INFINITY
  const lost = plan.lost ?? ((_: Head, at_ms: number) => campaign.replace(at_ms, REPLACEMENT_MS))
  const newPool = () => createPool({ ...evasion, requestsPerDay_max }, (head, at_ms) => lost(head, at_ms, campaign))
  const pool = newPool()
  const phrasebook = createPhrasebook(evasion, random.fork('phrasebook'))
  const fixedParams = settings.level === 0 ? pickHabits('api', random.fork('params')) : undefined
  const places = plan.places ?? PLACES
  // A naive program has one place for its instruction, as it has one instruction.
  const onlyPlace = settings.level === 0 ? random.fork('place').pick(places) : undefined
  const sleepers: Account[] = []
  let jobs = 0
  let works = 0

  const enter = (account: Account, into: Pool, at_ms: number): void => {
    into.join(account, at_ms)
    if (plan.lifetime_ms === undefined) return
    stage.ban(account, at_ms + plan.lifetime_ms(random), random.pick(BAN_REASONS))
  }

  const jobOf = (
    session: Session,
    turn: number,
    { signatures: presented = [], cachedBy }: Carried,
    draw: Random,
  ): Job => {
    const objective = session.objective(turn)
    const { size } = session.turns[turn]!
    const { key, model, params, refused = false } = session
    const signatures = [...(session.signatures ?? []), ...presented]
    const common = { ...(key === undefined ? {} : { conversation: key }), model, params, refused, signatures, cachedBy }
    if (objective === null) return { ...common, size, content: () => session.content(turn) }
    const number = jobs++
    const place = onlyPlace ?? draw.pick(places)
    const answers = draw.fork(`answer ${number}`)
    const longer = objective === 'reasoning' || objective === 'code' ? 1.4 : 1
    return {
      ...common,
      size: { ...size, output_tokens: Math.round(size.output_tokens * longer) },
      content: ({ account }) => {
        const wrapper = phrasebook.wrapper(objective, account.record.account_id, number)
        const { output, ...prompt } = session.content(turn)
        const placed = placeWrapper(prompt, wrapper.text, place)
        return { ...placed, output: wrapper.output(output, answers.fork(account.record.account_id)) }
      },
    }
  }

  const campaign: Campaign = {
    evasion,
    random,
    pool,
    phrasebook,
    requestsPerDay,
    fixedParams,
    newPool,
    turns: meanTurns(library),
    crew: createCrew(stage, { ...settings, scenario: plan.scenario, campaign_id }, evasion, random.fork('crew')),
    hire({ at_ms = window.start_ms, age_days = [0.2, 14], pool: into = pool, ...recruit }) {
      const isBought = random.chance(evasion.agedShare)
      const created_ms = isBought ? undefined : at_ms - random.between(...age_days) * DAY_MS
      spawn(
        join(
          () => campaign.crew.recruit({ ...recruit, created_ms }),
          at_ms,
          (account) => enter(account, into, at_ms),
        ),
        created_ms ?? window.start_ms,
      )
    },
    stock(count, role) {
      for (let index = 0; index < count; index++) sleepers.push(campaign.crew.recruit({ role }))
    },
    replace(at_ms, delay_ms, into = pool) {
      const joins_ms = at_ms + random.between(...delay_ms)
      const sleeper = sleepers.pop()
      const created_ms = at_ms + (joins_ms - at_ms) * random.between(0.3, 0.8)
      const recruit = () => sleeper ?? campaign.crew.recruit({ role: 'replacement', created_ms })
      const joins = join(recruit, joins_ms, (account) => enter(account, into, joins_ms))
      spawn(joins, sleeper === undefined ? created_ms : joins_ms)
    },
    work({
      perDay,
      window: span = window,
      pace = evasion.pace,
      session,
      turns = 1,
      volley,
      pool: poolAt = () => pool,
    }) {
      const draw = random.fork(`work ${works++}`)
      const perArrival = turns * (volley === undefined ? 1 : (volley[0] + volley[1]) / 2)
      const times = workTimes(pace, perDay / perArrival, span, draw.fork('times'))
      spawn(
        (function* (): Actor {
          for (const at_ms of times) {
            yield { until_ms: at_ms }
            const count = volley === undefined ? 1 : volley[0] + draw.int(volley[1] - volley[0] + 1)
            const within_ms = volley === undefined ? 0 : draw.between(1_000, 5_000)
            for (let index = 0; index < count; index++) {
              const begins_ms = at_ms + (count === 1 ? 0 : (index / (count - 1)) * within_ms)
              const asked = session(begins_ms, draw)
              spawn(serve(campaign, asked, begins_ms, window.end_ms, draw, poolAt), begins_ms)
            }
          }
        })(),
        span.start_ms,
      )
    },
    mixed({ perDay, coverShare = 0, ...wanted }) {
      const cover = Math.max(coverShare, evasion.coverShare_min)
      campaign.work({ ...wanted, perDay: perDay * (1 - cover) })
      const session = (at_ms: number, draw: Random) => campaign.conversation(stage.world.model(draw, at_ms), draw)
      const { volley: _, ...rest } = wanted
      campaign.work({ ...rest, perDay: perDay * cover, turns: campaign.turns.conversation, session })
    },
    oneShot: (objective, model, draw) => drawOneShot(library, model, objective, fixedParams, draw),
    conversation: (model, draw, objective = () => null) => drawConversation(library, model, objective, draw),
    agentSession: (model, draw, objective = () => null) => drawAgentSession(library, model, objective, draw),
    trial: (objective, draw) => writeWrapper(objective, pickFamily(objective, evasion.quiet, draw), draw).text,
    turn: (session, turn, at_ms, draw, through = pool, carried = {}) =>
      send(through, jobOf(session, turn, carried, draw), at_ms, evasion.hops, draw),
  }
  return campaign
}

// An account is made when its time has come, not when it is planned: until then nobody knows of it.
function* join(recruit: () => Account, at_ms: number, enter: (account: Account) => void): Actor {
  const account = recruit()
  yield { until_ms: at_ms }
  enter(account)
}

/** A customer's session from its first turn to its last, or until the relay fails it. */
function* serve(
  campaign: Campaign,
  session: Session,
  begins_ms: number,
  end_ms: number,
  random: Random,
  poolAt: (at_ms: number) => Pool,
): Actor {
  let now_ms = begins_ms
  // Clients send back the signatures of earlier turns, whichever account the relay got them from.
  let carried: Carried = {}
  for (const [turn, { offset_ms }] of session.turns.entries()) {
    const at_ms = Math.max(now_ms, begins_ms + offset_ms)
    if (at_ms >= end_ms) return
    if (turn > 0) yield { until_ms: at_ms }
    const pool = poolAt(at_ms)
    const delivery: Delivery | undefined = yield* campaign.turn(session, turn, at_ms, random, pool, carried)
    if (delivery === undefined) return
    now_ms = delivery.answer.end_ms
    const signatures = [...(carried.signatures ?? []), ...delivery.answer.signatures].slice(-SIGNATURES_CARRIED)
    carried = { signatures, cachedBy: delivery.head }
  }
}
