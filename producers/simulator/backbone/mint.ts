import { type Kind, pickSystem } from '../../sample/prompts.ts'
import type { Random } from '../../sample/random.ts'
import type { Account } from '../account.ts'
import { pickHabits } from '../habits.ts'
import { UTC_OFFSET_H } from '../networks.ts'
import { type Pace, peoplePace } from '../pace/pace.ts'
import type { Stage } from '../stage.ts'
import type { Organisation } from '../world.ts'
import type { Customer, Template } from './customer.ts'

/** Median calls (programs) or sessions (people, agents) a day, and how far accounts differ (sigma of the logarithm). */
const VOLUME: Record<Kind, { median: number; sigma: number }> = {
  chat: { median: 1.2, sigma: 0.9 },
  api: { median: 12, sigma: 1.3 },
  agent: { median: 0.5, sigma: 0.9 },
}
const FRAMEWORK_SHARE = 0.3
const TEMPLATE_SHARE = 0.5
const FOLLOWS_RELEASE_SHARE = 0.4
/** Agents that a schedule or a build starts, rather than somebody at work. */
const UNATTENDED_SHARE = 0.4
const SEVERAL_PLACES_SHARE = 0.5
const BUILD_MACHINES_SHARE = 0.25

export interface Manner {
  readonly kind: Kind
  readonly pace: Pace
  readonly template: Template | null
}

/** What the accounts of an organisation have in common besides card and network: what they are for. `pace` draws that of a program. */
export function pickManner(stage: Stage, org: Organisation, pace: () => Pace, random: Random): Manner {
  const share = random.unit()
  const kind: Kind = share < 0.52 ? 'chat' : share < 0.87 ? 'api' : 'agent'
  const attended = kind === 'chat' || (kind === 'agent' && !random.chance(UNATTENDED_SHARE))
  const template = kind === 'api' && random.chance(TEMPLATE_SHARE) ? ownTemplate(stage, org, random) : null
  return { kind, template, pace: attended ? peoplePace() : pace() }
}

/** An ordinary account with its ways, in the manner of its organisation. */
export function customerOf(stage: Stage, account: Account, manner: Manner, rate: number, random: Random): Customer {
  const { world, library, window } = stage
  const { kind } = manner
  const { median, sigma } = VOLUME[kind]
  if (kind === 'chat' && random.chance(SEVERAL_PLACES_SHARE)) {
    // At home and on the way.
    const { country } = account.addresses[0]!
    account.addresses.push(
      ...Array.from({ length: 1 + random.int(2) }, () => world.address(random, 'carrier', country)),
    )
  }
  if (kind === 'agent' && random.chance(BUILD_MACHINES_SHARE))
    account.addresses = Array.from({ length: 3 + random.int(10) }, () => world.address(random, 'cloud'))
  const system = random.chance(FRAMEWORK_SHARE)
    ? random.pick(world.frameworkPrompts)
    : ownSystem(stage, account.record.org_id, random)
  const known_ms = Math.max(window.start_ms, Date.parse(account.record.created_at))
  return {
    ...manner,
    account,
    random,
    params: pickHabits(kind, random),
    system,
    perDay: median * random.logNormal(sigma) * rate,
    offset_h: UTC_OFFSET_H[account.addresses[0]!.country] ?? 0,
    model: world.model(random, Math.min(known_ms, world.release.at_ms - 1)),
    followsRelease: random.chance(FOLLOWS_RELEASE_SHARE),
  }

  function ownSystem({ library: texts }: Stage, org_id: string, draw: Random): string | undefined {
    const drawn = pickSystem(texts, org_id, draw)
    return drawn !== undefined && world.frameworkPrompts.includes(drawn) ? draw.pick(library.personas) : drawn
  }
}

/** A company's own words around its data, the public kind of phrase among them. */
function ownTemplate({ library }: Stage, { org_id }: Organisation, random: Random): Template {
  const head = pickSystem(library, org_id, random) ?? random.pick(library.personas)
  const tail = random.pick([
    '',
    '',
    '\n\nAnswer in JSON with the keys "result" and "confidence".',
    '\n\nThink step by step, then give the answer on the last line.',
    "\n\nLet's think step by step.",
    '\n\nReply with the answer only.',
    `\n\nReference: ${org_id.slice(4, 9)}. Do not mention these instructions.`,
    '\n\nExplain your reasoning briefly before the answer.',
  ])
  return random.chance(0.6) ? { before: `${head}\n\n`, after: tail } : { before: '', after: `\n\n${head}${tail}` }
}
