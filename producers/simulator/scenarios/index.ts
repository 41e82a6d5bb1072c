import { UsageError } from '../../../lib/ops/errors.ts'
import type { Scenario } from '../stage.ts'

/** All scenarios, in the order of `--help`. To add one, write its file and add its line here. */
export const SCENARIOS: readonly Scenario[] = []

/** @throws UsageError that names those there are. */
export function scenarioNamed(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name.toLowerCase() === name.toLowerCase())
  if (found !== undefined) return found
  const names = SCENARIOS.map((scenario) => scenario.name).join(', ')
  throw new UsageError(`no scenario ${name}; there are ${names}, and the words all, malicious and hard-negatives`)
}
