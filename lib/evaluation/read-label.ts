import type { Label } from './label.ts'

/** A line of the labels file, or null when it is none: account, label, role and scenario must be there. */
export function readLabel(text: string): Label | null {
  let value: Partial<Label> | null
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof value?.account_id !== 'string' || typeof value.scenario !== 'string') return null
  if (value.label !== 'benign' && value.label !== 'malicious') return null
  return value as Label
}
