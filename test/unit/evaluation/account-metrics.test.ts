import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  eventPrAuc,
  partialAuc,
  recallAt,
  rocCurve,
  type ScoreGroup,
  scoreGroups,
} from '../../../lib/evaluation/metrics/account-curve.ts'
import { accountRecall } from '../../../lib/evaluation/metrics/account-recall.ts'
import { sceneOf } from './scene.ts'

const group = (malicious: number, benign: number): ScoreGroup => ({
  malicious,
  benign,
  maliciousEvents: malicious,
  benignEvents: benign,
})

describe('the curve of accounts', () => {
  it('gives partial credit within a tie', () => {
    const points = rocCurve([group(2, 0), group(2, 4), group(0, 6)])
    expect(recallAt(points, 0)).toBe(0.5)
    expect(recallAt(points, 0.1)).toBeCloseTo(0.5 + 0.5 / 4, 9)
    expect(recallAt(points, 0.4)).toBe(1)
  })

  it('is chance for a method that says nothing', () => {
    const points = rocCurve([group(10, 1_000)])
    expect(recallAt(points, 1e-3)).toBeCloseTo(1e-3, 12)
    expect(partialAuc(points, 1e-3)).toBeCloseTo(5e-4, 12)
  })

  it('is perfect when every malicious account comes before every benign one', () => {
    const groups = [group(5, 0), group(0, 100)]
    expect(partialAuc(rocCurve(groups), 1e-3)).toBe(1)
    expect(eventPrAuc(groups)).toBe(1)
  })

  it('weighs accounts by their requests in precision and recall', () => {
    const truth = sceneOf([
      { id: 'busy', campaign: 'X', hours: [0, 1, 2] },
      { id: 'quiet', campaign: 'X' },
      { id: 'benign', hours: [0, 1, 2, 3] },
    ])
    const scores = new Map([
      ['busy', 3],
      ['benign', 2],
      ['quiet', 1],
    ])
    expect(eventPrAuc(scoreGroups(scores, truth))).toBeCloseTo(3 / 4 + (1 / 4) * (4 / 8), 9)
  })

  it('never falls', () => {
    const groups = fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { minLength: 1, maxLength: 12 })
    const rate = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(groups, rate, rate, (sizes, a, b) => {
        const points = rocCurve(sizes.map(([malicious, benign]) => group(malicious, benign)))
        const [low, high] = [recallAt(points, Math.min(a, b)), recallAt(points, Math.max(a, b))]
        expect(high).toBeGreaterThanOrEqual(low - 1e-12)
        expect(high).toBeLessThanOrEqual(1 + 1e-12)
      }),
    )
  })
})

describe('account recall', () => {
  const benign = Array.from({ length: 50 }, (_, i) => ({ id: `b${i}` }))

  it('says how many benign accounts a rate allows, also when that is less than one', () => {
    const truth = sceneOf([{ id: 'x', campaign: 'X' }, { id: 'y', campaign: 'Y' }, ...benign])
    const scores = new Map([
      ['x', 2],
      ['b1', 1],
      ['y', 0.5],
    ])
    const [at] = accountRecall(scores, truth, 1).at
    expect(at).toMatchObject({ fpr: 1e-3, recall: 0.5, exact: { hits: 1, trials: 2 } })
    expect(at!.benign_allowed).toBeCloseTo(0.05, 12)
  })

  it('counts a campaign at a rate when two of its accounts, or its only one, are above the benign ones', () => {
    const truth = sceneOf([
      { id: 'x1', campaign: 'X' },
      { id: 'x2', campaign: 'X' },
      { id: 'y1', campaign: 'Y' },
      { id: 'y2', campaign: 'Y' },
      { id: 'alone', campaign: 'Z' },
      ...benign,
    ])
    const scores = new Map([
      ['x1', 3],
      ['x2', 2],
      ['y1', 2],
      ['alone', 2],
      ['b1', 1],
      ['y2', 1],
    ])
    expect(accountRecall(scores, truth, 1).at[0]!.campaigns).toMatchObject({ hits: 2, trials: 3 })
    expect(accountRecall(new Map(scores).set('b2', 2), truth, 1).at[0]!.campaigns).toMatchObject({ hits: 0 })
  })

  it('leaves accounts without requests out', () => {
    const truth = sceneOf([{ id: 'x', campaign: 'X' }, { id: 'idle', campaign: 'X', hours: [] }, { id: 'b' }])
    expect(accountRecall(new Map([['x', 1]]), truth, 1).at[0]).toMatchObject({ recall: 1, exact: { trials: 1 } })
  })
})
