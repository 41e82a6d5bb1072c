import { SCENARIOS } from '../../producers/simulator/scenarios/index.ts'
import type { ScenarioChoice } from '../../producers/simulator/simulation.ts'

/** One stream of a profile. */
export interface ProfilePart {
  readonly name: string
  readonly summary: string
  readonly days: number
  readonly accounts: number
  readonly rate: number
  readonly scenarios: readonly ScenarioChoice[]
  /** The pipeline's decisions are obeyed. */
  readonly isClosedLoop: boolean
  /** Beside the pipeline: what it would be without each block of evidence, and the baselines. */
  readonly isCompared: boolean
  /** For the cost curve: the multiplier of the campaigns' pace. */
  readonly trialRate?: number
}

export interface Profile {
  readonly name: string
  readonly summary: string
  readonly parts: readonly ProfilePart[]
}

const HARD_INSTANCES_STANDARD = 20
// Fewer than a campaign needs to be quite itself; more would outnumber what so few customers can balance.
const CAMPAIGN_ACCOUNTS = 10
/** The one that is counted in requests and not in accounts: at its full pace it would be most of what all campaigns send. */
const PROBING = { name: 'M10', share: 0.05 }
const LEVELS = [0, 1, 2, 3]

/** Profiles as they are run; what each scenario is by itself stands in its own file. */
export const PROFILES: readonly Profile[] = [
  {
    name: 'small',
    summary: 'minutes on one core; one instance of each hard negative, so that families are only smoke-tested',
    parts: [
      {
        name: 'mixed',
        summary: 'ordinary customers, every campaign at level 1 and a third of its pace, and every hard negative',
        days: 0.5,
        accounts: 6_500,
        // Busy customers: a fiftieth of the requests is the campaigns'.
        rate: 2,
        scenarios: [...malicious({ level: 1, accounts: CAMPAIGN_ACCOUNTS, rate: 0.15 }), ...honest(1, 0.25)],
        isClosedLoop: false,
        isCompared: true,
      },
      // With so many accounts each of the 147 real clients is the pace of an organisation's programs.
      benignPart('benign-fortnight', 14, 800, 0.1),
      ...costParts([0.3, 1], 200, 0.25, CAMPAIGN_ACCOUNTS),
      closedPart(0.25, 200, CAMPAIGN_ACCOUNTS),
    ],
  },
  {
    name: 'standard',
    summary: 'an hour and more, and 4 GB; 20 instances of each hard negative, campaigns at every level',
    parts: [
      {
        name: 'mixed',
        summary: 'ordinary customers, every campaign at levels 0 to 3 and half of its pace, and every hard negative',
        days: 0.5,
        accounts: 20_000,
        rate: 3,
        scenarios: [
          ...LEVELS.flatMap((level) => malicious({ level, accounts: CAMPAIGN_ACCOUNTS, rate: 0.5 / 3 })),
          ...honest(HARD_INSTANCES_STANDARD, 1 / 3),
        ],
        isClosedLoop: false,
        isCompared: true,
      },
      // More customers at less of their pace: what false clusters can be bounded to goes by the number of customers.
      benignPart('benign-fortnight', 14, 8_000, 0.15),
      ...costParts([0.1, 0.3, 1, 3], 1_000, 1, CAMPAIGN_ACCOUNTS),
      closedPart(3, 1_000, CAMPAIGN_ACCOUNTS),
    ],
  },
]

function benignPart(name: string, days: number, accounts: number, rate: number): ProfilePart {
  const summary = 'ordinary customers with shared prompts, networks, cards and clients, and no campaign'
  return { name, summary, days, accounts, rate, scenarios: [], isClosedLoop: false, isCompared: true }
}

function costParts(rates: readonly number[], accounts: number, days: number, each: number): ProfilePart[] {
  return rates.map((rate) => ({
    name: `cost-curve at ${rate}`,
    summary: `every campaign at levels 0 to 3, with ${rate} of its usual pace`,
    days,
    accounts,
    rate: 1,
    scenarios: LEVELS.flatMap((level) => malicious({ level, rate, accounts: each })),
    isClosedLoop: false,
    isCompared: false,
    trialRate: rate,
  }))
}

function closedPart(days: number, accounts: number, each: number): ProfilePart {
  return {
    name: 'closed-loop',
    summary: 'campaigns that replace what the pipeline takes from them: its decisions bind the gateway',
    days,
    accounts,
    rate: 1,
    scenarios: malicious({ level: 1, accounts: each }),
    isClosedLoop: true,
    isCompared: false,
  }
}

function malicious(choice: Omit<ScenarioChoice, 'name'>): ScenarioChoice[] {
  const { rate = 1 } = choice
  return SCENARIOS.filter(({ label }) => label === 'malicious').map(({ name }) => {
    return { name, ...choice, rate: name === PROBING.name ? rate * PROBING.share : rate }
  })
}

function honest(instances: number, rate: number): ScenarioChoice[] {
  return SCENARIOS.filter(({ label }) => label === 'benign').map(({ name }) => ({ name, instances, rate }))
}
