import { table } from '../report.ts'

/** One thing that the runtime must reach, and what it does. */
export interface RuntimeRow {
  readonly what: string
  readonly unit: string
  readonly digits: number
  /** Null: nothing is asked. */
  readonly must: number | null
  readonly goal: number | null
  /** Null: this run could not measure it; the text below the table says why. */
  readonly measured: number | null
  /** Whether more is better; else less is. */
  readonly isMoreBetter?: boolean
}

/** What a row comes to. */
export function verdict({ must, goal, measured, isMoreBetter = false }: RuntimeRow): string {
  if (measured === null) return 'not measured'
  const reaches = (limit: number) => (isMoreBetter ? measured >= limit : measured <= limit)
  if (must === null) return ''
  if (goal !== null && reaches(goal)) return 'goal reached'
  if (reaches(must)) return goal === null ? 'reached' : `reached; goal missed by ${factor(goal, measured)}`
  return `**missed** by ${factor(must, measured)}`
}

export function runtimeTable(rows: readonly RuntimeRow[]): string {
  const lines = rows.map((row) => {
    const { what, unit, digits, must, goal, measured } = row
    const number = (value: number | null) =>
      value === null
        ? ''
        : `${value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: Math.min(digits, 2) })} ${unit}`.trim()
    return [what, number(must), number(goal), number(measured), verdict(row)]
  })
  return table(['what', 'must', 'goal', 'measured', ''], lines)
}

function factor(limit: number, measured: number): string {
  return `a factor of ${Math.max(limit / measured, measured / limit).toFixed(2)}`
}
