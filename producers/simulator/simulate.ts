import type { Label } from '../../lib/evaluation/label.ts'
import { toTime } from '../sample/account.ts'
import { createRandom } from '../sample/random.ts'
import type { Account } from './account.ts'
import { ARRIVAL_DISORDER_MS, createArrivals } from './arrivals.ts'
import { backbone } from './backbone/backbone.ts'
import { createWorld } from './create-world.ts'
import { createGateway } from './gateway.ts'
import { simulatorLibrary } from './library.ts'
import { renderRequest } from './render.ts'
import { scenarioNamed } from './scenarios/index.ts'
import { createScheduler } from './scheduler.ts'
import type { ScenarioChoice, Simulation, SimulationOptions } from './simulation.ts'
import type { Scenario, ScenarioSettings, Stage, Window } from './stage.ts'

/** A Monday. */
export const SIMULATION_START_MS = Date.parse('2026-03-02T00:00:00.000Z')
const DAY_MS = 86_400_000

/** Accounts of the backbone beside which a scenario has its full size. */
const FULL_SIZE_ACCOUNTS = 50_000

/**
 * Labelled traffic: the backbone and the chosen scenarios, side by side in one world. The same options give the same
 * bytes. An account's record comes before its first request.
 */
export function simulate(options: SimulationOptions): Simulation {
  const { seed, days, rate = 1 } = options
  const start_ms = SIMULATION_START_MS
  const window: Window = { start_ms, end_ms: Math.round(start_ms + days * DAY_MS) }
  const random = createRandom(`simulator/${seed}`)
  const chosen = options.scenarios.map((choice) => ({ choice, scenario: scenarioNamed(choice.name) }))
  const campaignAccounts = chosen.reduce(
    (sum, { choice, scenario }) => sum + (choice.instances ?? 1) * accountsOf(scenario, choice, options.accounts),
    0,
  )
  const world = createWorld(seed, window, options.accounts + campaignAccounts, random.fork('world'))
  const library = simulatorLibrary(options.dataFolder)

  const arrivals = createArrivals()
  const disorder = random.fork('disorder')
  const gateway = createGateway(seed, window, random.fork('gateway'))
  const spans = new Map<string, { account: Account; first_ms: number; last_ms: number }>()
  const scheduler = createScheduler((call, at_ms) => {
    const { answer, draft } = gateway.answer(call, at_ms)
    const span = spans.get(call.account.record.account_id)
    if (span === undefined) throw new Error(`${call.account.record.account_id} calls before it is registered`)
    span.first_ms = Math.min(span.first_ms, at_ms)
    span.last_ms = at_ms
    arrivals.add(draft.end_ms + disorder.unit() * ARRIVAL_DISORDER_MS, () => renderRequest(draft))
    return answer
  })

  const stage = (name: string): Stage => ({
    window,
    random: random.fork(name),
    library,
    world,
    register(account, at_ms = Date.parse(account.record.event_time)) {
      const known_ms = Math.max(start_ms, Math.round(at_ms))
      // Who comes after the end does not exist.
      if (known_ms >= window.end_ms) return
      account.record.event_time = toTime(known_ms)
      spans.set(account.record.account_id, { account, first_ms: Number.POSITIVE_INFINITY, last_ms: 0 })
      arrivals.add(known_ms, () => account.record)
    },
    spawn: (actor, at_ms = start_ms) => scheduler.spawn(actor, Math.max(start_ms, at_ms)),
    ban({ record: { account_id } }, at_ms, reason) {
      const from_ms = Math.round(at_ms)
      if (from_ms >= window.end_ms) return
      gateway.ban(account_id, from_ms)
      const event_time = toTime(from_ms)
      const event_id = `ban-${account_id.slice(-10)}-${from_ms}`
      arrivals.add(from_ms, () => ({ type: 'outcome', event_id, event_time, account_id, outcome: 'banned', reason }))
    },
  })

  backbone(stage('backbone'), { accounts: options.accounts, rate })
  const numbers = new Map<string, number>()
  for (const { choice, scenario } of chosen) {
    for (let instance = 0; instance < (choice.instances ?? 1); instance++) {
      // A scenario may be chosen more than once, as at several levels: its instances are numbered through.
      const number = (numbers.get(scenario.name) ?? 0) + 1
      numbers.set(scenario.name, number)
      const settings = settingsOf(scenario, choice, number, options)
      scenario.run(stage(settings.instance), settings)
    }
  }
  const { at_ms: released_ms, model } = world.release
  if (released_ms < window.end_ms) {
    const release = { type: 'model_release', event_time: toTime(released_ms), model, tier: 'large' }
    arrivals.add(released_ms, () => release)
  }

  function* events(): Generator<object> {
    for (let now_ms = scheduler.next_ms(); now_ms < window.end_ms; now_ms = scheduler.next_ms()) {
      // What was decided for earlier moments can no longer be overtaken.
      yield* arrivals.take(now_ms)
      scheduler.step()
    }
    yield* arrivals.take(Number.POSITIVE_INFINITY)
  }

  return {
    events: { [Symbol.iterator]: events },
    *labels() {
      for (const { account, first_ms, last_ms } of spans.values()) yield labelOf(account, first_ms, last_ms)
    },
    enforce: gateway.enforce,
    held: () => ({ actors: scheduler.actors, records: arrivals.held }),
  }
}

function accountsOf(scenario: Scenario, choice: ScenarioChoice, backboneAccounts: number): number {
  const scaled = Math.round((scenario.accounts * backboneAccounts) / FULL_SIZE_ACCOUNTS)
  return choice.accounts ?? Math.min(scenario.accounts, Math.max(scenario.accounts_min, scaled))
}

function settingsOf(
  scenario: Scenario,
  choice: ScenarioChoice,
  number: number,
  options: SimulationOptions,
): ScenarioSettings {
  const level = scenario.label === 'benign' ? 0 : (choice.level ?? 1)
  return {
    instance: `${scenario.name}-${String(number).padStart(2, '0')}`,
    accounts: accountsOf(scenario, choice, options.accounts),
    rate: (choice.rate ?? 1) * (options.rate ?? 1),
    level: level as ScenarioSettings['level'],
  }
}

function labelOf({ record, truth }: Account, first_ms: number, last_ms: number): Label {
  const silent = last_ms === 0
  return {
    account_id: record.account_id,
    ...truth,
    first_event: silent ? null : toTime(first_ms),
    last_event: silent ? null : toTime(last_ms),
    org_id: record.org_id,
  }
}
