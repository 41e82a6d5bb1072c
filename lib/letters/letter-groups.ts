import type { DeadLetter } from '../../schemas/types.ts'
import { compareText } from '../stream/order.ts'

/** Letters of one stage, reason and source. */
export interface LetterGroup {
  readonly stage: string
  readonly reason: string
  readonly source: string
  letters: number
  /** Letters whose record was written back. */
  replayed: number
  size_bytes: number
  /** When the first and the last were written, epoch ms. */
  first_ms: number
  last_ms: number
}

// Stages and reasons are few; sources are topics and file names. The files beyond these share a group.
const GROUPS_MAX = 1_000
const OTHERS = '(others)'

/** Counts letters by stage, reason and source: what an operator needs first. */
export class LetterGroups {
  private readonly groups = new Map<string, LetterGroup>()

  add(letter: DeadLetter, written_ms: number): void {
    const group = this.groupOf(letter, written_ms)
    if (letter.replayed) {
      group.replayed += 1
      return
    }
    group.letters += 1
    group.size_bytes += letter.size_bytes
    group.first_ms = Math.min(group.first_ms, written_ms)
    group.last_ms = Math.max(group.last_ms, written_ms)
  }

  /** The largest first. */
  all(): LetterGroup[] {
    return [...this.groups.values()].sort((a, b) => b.letters - a.letters || compareText(keyOf(a), keyOf(b)))
  }

  private groupOf({ stage, reason, source }: DeadLetter, written_ms: number): LetterGroup {
    const known = this.groups.get(keyOf({ stage, reason, source }))
    if (known) return known
    const place = { stage, reason, source: this.groups.size < GROUPS_MAX ? source : OTHERS }
    const other = this.groups.get(keyOf(place))
    if (other) return other
    const group = { ...place, letters: 0, replayed: 0, size_bytes: 0, first_ms: written_ms, last_ms: written_ms }
    this.groups.set(keyOf(place), group)
    return group
  }
}

function keyOf({ stage, reason, source }: Pick<LetterGroup, 'stage' | 'reason' | 'source'>): string {
  return [stage, reason, source].join('\u0000')
}
