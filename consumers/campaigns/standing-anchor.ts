import type { AnchorAssessment } from '../../schemas/types.ts'
import { objectKey } from './holdings.ts'
import { isEliciting } from './object-kinds.ts'

/** What makes accounts belong together: those who hold an anchor and one of some other objects are of one component. */
export interface Tie {
  readonly anchor: StandingAnchor
}

/** How a new assessment of an anchor changes its ties. */
export interface Renewal {
  /** Ties that hold fewer objects than before, or none. */
  readonly loosened: readonly Tie[]
  /** Keys of objects that are newly held together with the anchor. */
  readonly begun: readonly string[]
}

const UNCHANGED: Renewal = { loosened: [], begun: [] }

/** An anchor with joint holdings that stand out. */
export class StandingAnchor {
  readonly key: string
  assessment: AnchorAssessment
  /**
   * By key of the object that is held together with the anchor. An eliciting instruction has one tie for all of them,
   * because a campaign spreads one wrapper over many cards; two groups around one popular framework's prompt are strangers,
   * so that any other anchor has a tie for each.
   */
  ties: ReadonlyMap<string, Tie> = new Map()

  constructor(key: string, assessment: AnchorAssessment) {
    this.key = key
    this.assessment = assessment
  }

  get isEliciting(): boolean {
    return isEliciting(this.assessment.cues)
  }

  renew(assessment: AnchorAssessment): Renewal {
    const before = this.ties
    const isAlike = isEliciting(assessment.cues) === this.isEliciting
    const isSame = isAlike && before.size > 0 && hasSameConjunctions(assessment, this.assessment)
    this.assessment = assessment
    // As nearly every time: only how unlikely they are has changed.
    if (isSame) return UNCHANGED
    const shared: Tie = (isAlike ? [...before.values()][0] : undefined) ?? { anchor: this }
    const ties = new Map<string, Tie>()
    const begun: string[] = []
    for (const conjunction of assessment.conjunctions) {
      const key = objectKey(conjunction)
      const kept = isAlike ? before.get(key) : undefined
      ties.set(key, this.isEliciting ? shared : (kept ?? { anchor: this }))
      if (!kept) begun.push(key)
    }
    this.ties = ties
    return { loosened: [...before].flatMap(([key, tie]) => (ties.get(key) === tie ? [] : [tie])), begun }
  }
}

/** Conjunctions are in order. */
function hasSameConjunctions({ conjunctions: a }: AnchorAssessment, { conjunctions: b }: AnchorAssessment): boolean {
  return a.length === b.length && a.every(({ kind, object }, i) => object === b[i]!.object && kind === b[i]!.kind)
}
