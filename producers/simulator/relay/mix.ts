import type { Random } from '../../sample/random.ts'

/** Shares that need not add up to one. */
export type Mix<T extends string> = Readonly<Partial<Record<T, number>>>

export function pickFrom<T extends string>(mix: Mix<T>, random: Random): T {
  const entries = Object.entries(mix) as [T, number][]
  let left = random.unit() * entries.reduce((sum, [, share]) => sum + share, 0)
  for (const [name, share] of entries) {
    left -= share
    if (left < 0) return name
  }
  return entries[entries.length - 1]![0]
}
