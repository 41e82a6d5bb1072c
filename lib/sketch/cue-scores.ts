import { CUE_BIAS } from './cue-lexicon.ts'
import { WEIGHT_COLUMNS } from './cue-table.ts'
import { CUE_CLASSES } from './cues.ts'

/** The strongest sentence per class. Not a sum over sentences: a long payload must not add up to an instruction. */
export interface CueEvidence {
  clear(): void
  /** Takes the weights of one sentence into account. */
  add(weights: Int32Array): void
  /** 0..100 per class in wire order. */
  scores(): number[]
}

export function createCueEvidence(): CueEvidence {
  const best = new Int32Array(WEIGHT_COLUMNS)
  return {
    clear() {
      best.fill(0)
    },
    add(weights) {
      for (let column = 0; column < WEIGHT_COLUMNS; column++) {
        if (weights[column]! > best[column]!) best[column] = weights[column]!
      }
    },
    scores: () => CUE_CLASSES.map((_, column) => cueScore(best[column]!)),
  }
}

/** Bit i is set when the weights of one span alone score 50 or more in class i. */
export function cueBits(weights: Int32Array): number {
  let bits = 0
  for (let column = 0; column < CUE_CLASSES.length; column++) if (weights[column]! >= CUE_BIAS) bits |= 1 << column
  return bits
}

/** Logistic of a weight in tenths of a log-odds: 0 without any, 50 at `CUE_BIAS`, 100 at about 80. */
export function cueScore(weight: number): number {
  return weight <= 0 ? 0 : Math.round(100 / (1 + Math.exp((CUE_BIAS - weight) / 10)))
}
