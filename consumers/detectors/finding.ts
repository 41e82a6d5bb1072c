import { CUE_CLASSES } from '../../lib/sketch/cues.ts'
import type { Finding } from './kit.ts'

/** A detector returned something that is no finding. The message names the field and what is wrong, never a value. */
export class NoFinding extends Error {
  override readonly name = 'NoFinding'
}

// As signals carry it: a fixed word, where an account's data could not hide.
const REASON = /^[a-z][a-z0-9_]{0,63}$/
const OBJECTIVES: ReadonlySet<unknown> = new Set([...CUE_CLASSES, 'logprobs', 'general'])

/**
 * Makes sure that a detector returned a finding: TypeScript does not see a division by zero, or a detector that was not
 * compiled with it. Throws NoFinding.
 */
export function checkFinding(finding: Finding): Finding {
  if (typeof finding !== 'object' || finding === null) throw new NoFinding(`returned ${kindOf(finding)}`)
  const { outcome, n } = finding
  refuse('n', Number.isSafeInteger(n) && n >= 0, 'a whole number, 0 or more', n)
  if (outcome === 'insufficient_data') return finding
  if (outcome !== 'hit' && outcome !== 'no_hit') throw new NoFinding('outcome is none that a detector may return')
  refuse('observed', Number.isFinite(finding.observed), 'a finite number', finding.observed)
  if (outcome === 'no_hit') return finding
  const { baseline, p_value, reason, object, objectives } = finding
  refuse('baseline', baseline === null || Number.isFinite(baseline), 'null or a finite number', baseline)
  refuse('p_value', p_value === null || (p_value >= 0 && p_value <= 1), 'null or a number from 0 to 1', p_value)
  refuse('reason', typeof reason === 'string' && REASON.test(reason), 'an identifier in snake_case', reason)
  refuse('object', object === undefined || Number.isSafeInteger(object), 'absent or a whole number', object)
  refuse(
    'objectives',
    Array.isArray(objectives) && objectives.every((name) => OBJECTIVES.has(name)),
    'a list',
    objectives,
  )
  return finding
}

function refuse(field: string, isGood: boolean, expected: string, value: unknown): void {
  if (!isGood) throw new NoFinding(`${field} is ${kindOf(value)}, expected ${expected}`)
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Number.isNaN(value)) return 'NaN'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
