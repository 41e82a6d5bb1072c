import { describe, expect, it } from 'vitest'
import { costCurve, type Trial } from '../../../lib/evaluation/metrics/cost-curve.ts'

const trials = (rate: number, throughput: number, found: boolean[]): Trial[] =>
  found.map((isFound) => ({ level: 1, rate, throughput, isFound }))

describe('costCurve', () => {
  it('lies straight in the logarithm of throughput between the neighbours of a half', () => {
    const [level] = costCurve([...trials(1, 10, [false, false]), ...trials(10, 1_000, [true, true])])
    expect(level!.where).toBe('within')
    expect(level!.throughput_at_half).toBeCloseTo(100, 6)
  })

  it('says when the half lies outside of what was tried', () => {
    expect(costCurve(trials(1, 10, [false]))[0]).toMatchObject({ where: 'above all tried', throughput_at_half: null })
    expect(costCurve(trials(1, 10, [true]))[0]).toMatchObject({ where: 'below all tried', throughput_at_half: null })
  })

  it('keeps levels apart', () => {
    const levels = costCurve([...trials(1, 10, [true]), { level: 3, rate: 1, throughput: 10, isFound: false }])
    expect(levels.map(({ level, where }) => [level, where])).toEqual([
      [1, 'below all tried'],
      [3, 'above all tried'],
    ])
  })
})
