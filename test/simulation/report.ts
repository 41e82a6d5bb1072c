import type { ScheduleResult } from './schedule.ts'

const VIOLATION_LENGTH_MAX = 1_500

/** What to read when a schedule has failed, and how to see it again. */
export function report(
  seed: number,
  { trace, violations }: ScheduleResult,
  { broken, isUpgraded, isStatic }: { broken?: string; isUpgraded?: boolean; isStatic?: boolean } = {},
): string {
  const variants = `${isUpgraded ? ' --upgrade' : ''}${isStatic ? ' --static' : ''}`
  const options = `${broken === undefined ? '' : ` --break '${broken}'`}${variants}`
  return [
    ...trace,
    `schedule ${seed} has failed:`,
    ...violations.map((violation) => `  ${violation.slice(0, VIOLATION_LENGTH_MAX)}`),
    `see it again, with its whole trace: npm run test:schedules -- --seed ${seed}${options} --trace 1000000`,
  ].join('\n')
}
