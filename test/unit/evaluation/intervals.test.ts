import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bootstrap } from '../../../lib/evaluation/metrics/bootstrap.ts'
import { eventRate } from '../../../lib/evaluation/metrics/event-rate.ts'
import { proportion } from '../../../lib/evaluation/metrics/proportion.ts'

describe('proportion', () => {
  it('agrees with the published interval for 4 of 10', () => {
    const { low, high } = proportion(4, 10)
    expect(low).toBeCloseTo(0.1216, 4)
    expect(high).toBeCloseTo(0.7376, 4)
  })

  it('says that 0 of 324 bounds a rate only at about 1%', () => {
    const { rate, low, bound, high } = proportion(0, 324)
    expect([rate, low]).toEqual([0, 0])
    expect(bound).toBeCloseTo(0.0092, 4)
    expect(high).toBeCloseTo(0.0113, 4)
  })

  it('says nothing without trials', () => {
    expect(proportion(0, 0)).toEqual({ hits: 0, trials: 0, rate: null, low: 0, high: 1, bound: null })
  })

  it('holds the rate in its interval, and mirrors hits and misses', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.double({ min: 0, max: 1, noNaN: true }), (trials, part) => {
        const hits = Math.round(part * trials)
        const { rate, low, high } = proportion(hits, trials)
        expect(low).toBeLessThanOrEqual(rate!)
        expect(high).toBeGreaterThanOrEqual(rate!)
        expect(proportion(trials - hits, trials).high).toBeCloseTo(1 - low, 6)
      }),
    )
  })
})

describe('eventRate', () => {
  it('agrees with the published interval for 5 events', () => {
    const { low, high } = eventRate(5, 1)
    expect(low).toBeCloseTo(1.6235, 3)
    expect(high).toBeCloseTo(11.6683, 3)
  })

  it('bounds the rate by three over what was watched when nothing happened', () => {
    expect(eventRate(0, 0.5).bound).toBeCloseTo(5.99, 2)
  })
})

describe('bootstrap', () => {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

  it('is the same for the same seed', () => {
    const values = [0, 1, 1, 0, 1, 1, 1]
    expect(bootstrap(values, mean, 7)).toEqual(bootstrap(values, mean, 7))
  })

  it('says nothing about a single cluster', () => {
    expect(bootstrap([1], mean, 1)).toBeNull()
  })

  it('is wide when a few clusters disagree, however many accounts each of them has', () => {
    const clusters = [0, 1, 1].map((value) => new Array<number>(1_000).fill(value))
    const interval = bootstrap(clusters, (drawn) => mean(drawn.flat()), 1)!
    expect(interval).toEqual({ low: 0, high: 1 })
  })
})
