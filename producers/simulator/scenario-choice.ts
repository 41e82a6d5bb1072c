import { UsageError } from '../../lib/ops/errors.ts'
import { SCENARIOS, scenarioNamed } from './scenarios/index.ts'
import type { ScenarioChoice } from './simulation.ts'

const WORDS: Record<string, (label: string) => boolean> = {
  all: () => true,
  malicious: (label) => label === 'malicious',
  'hard-negatives': (label) => label === 'benign',
}
const SETTINGS = 'level, accounts, rate and instances'
const LEVEL_MAX = 3
const INSTANCES_MAX = 1_000

/**
 * Scenarios as the command line names them: `M4`, a word for many, and settings of its own behind a colon, as in
 * `M4:level=2,accounts=500`.
 *
 * @throws UsageError that says what is allowed.
 */
export function parseScenarioChoices(texts: readonly string[]): ScenarioChoice[] {
  return texts.flatMap((text) => {
    const [name = '', settings] = split(text, ':')
    const chosen = settings === undefined ? {} : parseSettings(text, settings)
    const word = WORDS[name]
    if (word === undefined) return [{ name: scenarioNamed(name).name, ...chosen }]
    return SCENARIOS.filter(({ label }) => word(label)).map((scenario) => ({ name: scenario.name, ...chosen }))
  })
}

function parseSettings(text: string, settings: string): Omit<ScenarioChoice, 'name'> {
  const chosen: Record<string, number> = {}
  for (const setting of settings.split(',')) {
    const [name = '', value = ''] = split(setting, '=')
    chosen[name] = parseSetting(text, name, value)
  }
  return chosen
}

function parseSetting(text: string, name: string, value: string): number {
  const number = value.trim() === '' ? Number.NaN : Number(value)
  const wrong = (allowed: string) => new UsageError(`--scenario ${text}: ${name} must be ${allowed}, not "${value}"`)
  const isCount = Number.isSafeInteger(number) && number > 0
  switch (name) {
    case 'level':
      if (!(Number.isInteger(number) && number >= 0 && number <= LEVEL_MAX)) throw wrong('0, 1, 2 or 3')
      return number
    case 'instances':
      if (!isCount || number > INSTANCES_MAX) throw wrong(`a whole number from 1 to ${INSTANCES_MAX}`)
      return number
    case 'accounts':
      if (!isCount) throw wrong('a whole number above 0')
      return number
    case 'rate':
      if (!(Number.isFinite(number) && number > 0)) throw wrong('a number above 0')
      return number
    default:
      throw new UsageError(`--scenario ${text}: no setting "${name}"; there are ${SETTINGS}`)
  }
}

/** Before and after the first `mark`; one part when there is none. */
function split(text: string, mark: string): string[] {
  const at = text.indexOf(mark)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}
