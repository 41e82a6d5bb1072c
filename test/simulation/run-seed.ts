import { createRandom } from '../../producers/sample/random.ts'
import { expectedSums } from '../integration/runtime/toy.ts'
import { differences, type Outcome } from './outcome.ts'
import { runSchedule, type ScheduleOptions, type ScheduleResult } from './schedule.ts'
import { WORKLOADS, type Workload } from './workload.ts'

const undisturbed = new Map<Workload, Promise<Outcome>>()

/** Runs the schedule of a seed and compares what it has left behind with what must be there. */
export async function runSeed(
  seed: number,
  options: Omit<ScheduleOptions, 'seed' | 'workload'> = {},
): Promise<ScheduleResult> {
  const workload = createRandom(`workload of ${seed}`).pick(WORKLOADS)
  const expected = await undisturbedOutcome(workload)
  const result = await runSchedule({ ...options, seed, workload })
  const violations = [...result.violations]
  const sums = expectedSums(workload.portions.flat())
  if (JSON.stringify(result.sums) !== JSON.stringify(sums)) {
    violations.push(`counted ${JSON.stringify(result.sums)}, should be ${JSON.stringify(sums)}`)
  }
  violations.push(...differences(result.outcome, expected))
  return { ...result, violations }
}

/** What a workload leaves behind when nothing goes wrong. Rejects when even that does not work. */
export function undisturbedOutcome(workload: Workload): Promise<Outcome> {
  const known = undisturbed.get(workload)
  if (known) return known
  const outcome = runSchedule({ seed: 0, workload, isCalm: true }).then(({ violations, outcome, sums }) => {
    if (violations.length > 0) throw new Error(violations.join('\n'))
    if (JSON.stringify(sums) !== JSON.stringify(expectedSums(workload.portions.flat()))) {
      throw new Error(`an undisturbed run of ${workload.partitions} partitions counts ${JSON.stringify(sums)}`)
    }
    return outcome
  })
  undisturbed.set(workload, outcome)
  return outcome
}
