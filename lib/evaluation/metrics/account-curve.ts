import type { GroundTruth } from '../ground-truth.ts'

/** Accounts that a method can't tell apart, worst first. */
export interface ScoreGroup {
  readonly malicious: number
  readonly benign: number
  /** Requests of its malicious and of its benign accounts. */
  readonly maliciousEvents: number
  readonly benignEvents: number
}

export interface CurvePoint {
  readonly fpr: number
  readonly recall: number
}

/** Accounts with requests, in groups of equal score; those without a score are the last group. */
export function scoreGroups(scores: ReadonlyMap<string, number>, truth: GroundTruth): ScoreGroup[] {
  const groups = new Map<number, { -readonly [Key in keyof ScoreGroup]: number }>()
  for (const { account_id, campaign_id, requests } of truth.accounts.values()) {
    if (requests === 0) continue
    const score = scores.get(account_id) ?? Number.NEGATIVE_INFINITY
    const group = groups.get(score) ?? { malicious: 0, benign: 0, maliciousEvents: 0, benignEvents: 0 }
    groups.set(score, group)
    if (campaign_id === null) {
      group.benign++
      group.benignEvents += requests
    } else {
      group.malicious++
      group.maliciousEvents += requests
    }
  }
  return [...groups].sort(([a], [b]) => b - a).map(([, group]) => group)
}

/** ROC by accounts. Between two points lies a straight line: within a tie everybody is as likely to come first. */
export function rocCurve(groups: readonly ScoreGroup[]): CurvePoint[] {
  const malicious = groups.reduce((sum, group) => sum + group.malicious, 0)
  const benign = groups.reduce((sum, group) => sum + group.benign, 0)
  const points: CurvePoint[] = [{ fpr: 0, recall: 0 }]
  let found = 0
  let accused = 0
  for (const group of groups) {
    found += group.malicious
    accused += group.benign
    points.push({ fpr: benign === 0 ? 0 : accused / benign, recall: malicious === 0 ? 0 : found / malicious })
  }
  return points
}

/** Recall at a false positive rate, partial where the rate falls within a tie. */
export function recallAt(points: readonly CurvePoint[], fpr: number): number {
  let before = points[0]!
  for (const point of points) {
    if (point.fpr > fpr)
      return before.recall + ((point.recall - before.recall) * (fpr - before.fpr)) / (point.fpr - before.fpr)
    before = point
  }
  return before.recall
}

/** Area under the curve up to `fpr_max`, as a share of the largest possible one: 1 is perfect, chance is fpr_max / 2. */
export function partialAuc(points: readonly CurvePoint[], fpr_max: number): number {
  let area = 0
  let before = points[0]!
  for (const point of points) {
    const to = Math.min(point.fpr, fpr_max)
    if (to > before.fpr) area += ((to - before.fpr) * (before.recall + recallAt([before, point], to))) / 2
    if (point.fpr >= fpr_max) break
    before = point
  }
  return area / fpr_max
}

/** Average precision with every account counted as often as it made requests; a tie has the precision at its end. Null without positives. */
export function eventPrAuc(groups: readonly ScoreGroup[]): number | null {
  const positives = groups.reduce((sum, { maliciousEvents }) => sum + maliciousEvents, 0)
  if (positives === 0) return null
  let found = 0
  let seen = 0
  let area = 0
  for (const { maliciousEvents, benignEvents } of groups) {
    found += maliciousEvents
    seen += maliciousEvents + benignEvents
    if (seen > 0) area += (maliciousEvents / positives) * (found / seen)
  }
  return area
}
