import { describe, expect, it } from 'vitest'
import { DISTANCE_DRIFT, distanceDrift } from '../../../../lib/evaluation/baselines/distance-drift.ts'
import { shingles, sketched } from './sketches.ts'

const { similar_min, window_requests } = DISTANCE_DRIFT

describe('B3, near-duplicates within an account', () => {
  it('accuses an account at its fiftieth request that resembles an earlier one', () => {
    const method = distanceDrift()
    for (let n = 0; n < 60; n++) method.take('requests', sketched('same', n, shingles(0, 40)))
    const { findings, accountScores } = method.finish()
    expect(findings).toMatchObject([{ event_time_ms: similar_min, accounts: [{ account_id: 'same' }] }])
    // All of the sixty but the first.
    expect(accountScores.get('same')).toBeCloseTo(59 / 50, 9)
  })

  it('does not accuse an account of unlike requests, or accounts that resemble each other', () => {
    const method = distanceDrift()
    for (let n = 0; n < 200; n++) {
      method.take('requests', sketched('varied', n, shingles(n * 100, 40)))
      method.take('requests', sketched(`one-${n}`, n, shingles(0, 40)))
    }
    const { findings, accountScores } = method.finish()
    expect(findings).toEqual([])
    expect(accountScores.get('varied')).toBe(0)
  })

  it('compares neither beyond its window nor across content keys', () => {
    const method = distanceDrift()
    for (let n = 0; n < 400; n++) {
      method.take('requests', sketched('round', n, shingles((n % (window_requests + 1)) * 100, 40)))
      method.take('requests', sketched('rotated', n, shingles(0, 40), n))
    }
    const { accountScores } = method.finish()
    expect([accountScores.get('round'), accountScores.get('rotated')]).toEqual([0, 0])
  })
})
