import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clusterQuality } from '../../../lib/evaluation/metrics/cluster-quality.ts'
import { judge } from '../../../lib/evaluation/metrics/verdicts.ts'
import { finding, sceneOf } from './scene.ts'

const scene = sceneOf([
  ...['x1', 'x2', 'x3', 'x4'].map((id) => ({ id, campaign: 'X' })),
  ...['y1', 'y2'].map((id) => ({ id, campaign: 'Y' })),
  ...['b1', 'b2'].map((id) => ({ id })),
])
const quality = (...groups: string[][]) =>
  clusterQuality(
    judge(
      groups.map((accounts, i) => finding(`f${i}`, i, accounts)),
      scene,
    ),
    scene,
  )

describe('clusterQuality', () => {
  it('is perfect when each finding is a campaign', () => {
    const values = Object.values(quality(['x1', 'x2', 'x3', 'x4'], ['y1', 'y2']))
    for (const value of values) expect(value).toBeCloseTo(1, 9)
  })

  it('agrees with a case worked by hand', () => {
    // One group of x1 x2 x3 y1, one of y2; x4 alone.
    const { purity, completeness, b_cubed_precision, b_cubed_recall } = quality(['x1', 'x2', 'x3', 'y1'], ['y2'])
    expect(purity).toBeCloseTo(4 / 5, 9)
    expect(completeness).toBeCloseTo(4 / 6, 9)
    expect(b_cubed_precision).toBeCloseTo((3 * 0.75 + 0.25 + 1 + 1) / 6, 9)
    expect(b_cubed_recall).toBeCloseTo((3 * 0.75 + 0.25 + 0.5 + 0.5) / 6, 9)
  })

  it('takes each benign account as one by itself', () => {
    expect(quality(['b1', 'b2']).purity).toBe(0.5)
  })

  it('counts an account in the finding that accused it last', () => {
    const states = [finding('old', 1, ['x1', 'x2']), finding('old', 2, []), finding('new', 2, ['x1', 'x2', 'x3', 'x4'])]
    expect(clusterQuality(judge(states, scene), scene)).toMatchObject({ purity: 1, completeness: 5 / 6 })
  })

  it('says nothing of purity when nobody is accused', () => {
    expect(quality()).toMatchObject({ purity: null, completeness: 2 / 6 })
  })

  it('stays between 0 and 1', () => {
    const groups = fc.array(fc.uniqueArray(fc.constantFrom(...scene.accounts.keys())), { maxLength: 4 })
    fc.assert(
      fc.property(groups, (accounts) => {
        for (const value of Object.values(quality(...accounts))) {
          if (value === null) continue
          expect(value).toBeGreaterThanOrEqual(-1e-9)
          expect(value).toBeLessThanOrEqual(1 + 1e-9)
        }
      }),
    )
  })
})
