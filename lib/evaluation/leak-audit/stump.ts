/** A value of one record, and which half of the accounts it belongs to. */
export interface Observed<Value> {
  readonly value: Value
  readonly half: 0 | 1
}

/** Area under the ROC curve of `score`: the chance that a malicious one is larger than a benign one, ties counted as half. */
export function areaUnderCurve(malicious: readonly number[], benign: readonly number[]): number {
  const all = [
    ...malicious.map((score) => ({ score, malicious: true })),
    ...benign.map((score) => ({ score, malicious: false })),
  ].sort((a, b) => a.score - b.score)
  let wins = 0
  let below = 0
  for (let from = 0; from < all.length; ) {
    let to = from
    let tiedMalicious = 0
    while (to < all.length && all[to]!.score === all[from]!.score) if (all[to++]!.malicious) tiedMalicious++
    const tiedBenign = to - from - tiedMalicious
    wins += tiedMalicious * (below + tiedBenign / 2)
    below += tiedBenign
    from = to
  }
  return wins / (malicious.length * benign.length)
}

/** One threshold on a number, in the direction that separates: 0.5 to 1. */
export function numberStump(malicious: readonly number[], benign: readonly number[]): number {
  const area = areaUnderCurve(malicious, benign)
  return Math.max(area, 1 - area)
}

/**
 * A table from category to suspicion, learned on one half of the accounts and tried on the other, in both ways; the mean area of the two.
 * What only one account has says nothing about others, so an identifier comes out near 0.5; below 0.5 is no separation either.
 */
export function categoryStump(malicious: readonly Observed<string>[], benign: readonly Observed<string>[]): number {
  const areas = ([0, 1] as const).map((half) => {
    const learn = <Value>({ half: other }: Observed<Value>) => other === half
    const scores = likelihoodRatios(malicious.filter(learn), benign.filter(learn))
    const score = ({ value }: Observed<string>) => scores.get(value) ?? 0
    const tried = <Value>(observed: Observed<Value>) => !learn(observed)
    return areaUnderCurve(malicious.filter(tried).map(score), benign.filter(tried).map(score))
  })
  return (areas[0]! + areas[1]!) / 2
}

/** Logarithm of how much more often each category is malicious than benign; one that was never seen has 0. */
function likelihoodRatios(
  malicious: readonly Observed<string>[],
  benign: readonly Observed<string>[],
): Map<string, number> {
  const shares = (observed: readonly Observed<string>[]) => {
    const counts = new Map<string, number>()
    for (const { value } of observed) counts.set(value, (counts.get(value) ?? 0) + 1 / observed.length)
    return counts
  }
  const ofMalicious = shares(malicious)
  const ofBenign = shares(benign)
  const pseudo = 1 / (malicious.length + benign.length)
  const scores = new Map<string, number>()
  for (const value of new Set([...ofMalicious.keys(), ...ofBenign.keys()])) {
    const ratio = ((ofMalicious.get(value) ?? 0) + pseudo) / ((ofBenign.get(value) ?? 0) + pseudo)
    scores.set(value, Math.log(ratio))
  }
  return scores
}

const EXACT_MAX = 64
const BINS = 20

/**
 * Numbers as categories, for a value or a band that one threshold would not find: the values themselves when they are few, else
 * twentieths of both classes together.
 */
export function bandsOf(values: readonly number[]): (value: number) => string {
  if (new Set(values).size <= EXACT_MAX) return String
  const sorted = Float64Array.from(values).sort()
  const edges = Array.from({ length: BINS - 1 }, (_, bin) => sorted[Math.floor(((bin + 1) * sorted.length) / BINS)]!)
  return (value) => `band ${edges.findIndex((edge) => value < edge)}`
}
