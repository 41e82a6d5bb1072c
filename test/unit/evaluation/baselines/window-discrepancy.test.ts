import { describe, expect, it } from 'vitest'
import {
  accountDiscrepancy,
  WINDOW_DISCREPANCY,
  windowDiscrepancy,
} from '../../../../lib/evaluation/baselines/window-discrepancy.ts'
import type { Method } from '../../../../lib/evaluation/method.ts'
import { createRandom } from '../../../../producers/sample/random.ts'
import { shingles, sketched } from './sketches.ts'

const WINDOW = 200
const SMALL = { ...WINDOW_DISCREPANCY, window_requests: WINDOW, account_requests_min: 50 }

describe('B2, discrepancy of windows', () => {
  it('accuses everybody in a window of which a part is unlike the beginning, at its last request', () => {
    const method = windowDiscrepancy(SMALL)
    everyday(method, 0, WINDOW)
    for (let n = WINDOW; n < 2 * WINDOW; n++)
      if (n % 4 === 0) method.take('requests', sketched('odd', n, [...shingles(-500, 40), n]))
      else everyday(method, n, n + 1)
    const { findings, accountScores } = method.finish()
    expect(findings).toMatchObject([{ event_time_ms: 2 * WINDOW - 1 }])
    expect(findings[0]!.accounts).toContainEqual({ account_id: 'odd', score: 0.25 })
    expect(accountScores.get('odd')).toBeGreaterThan(0)
  })

  it('accuses few windows of a stream that goes on as it began, and the same ones each time', () => {
    const run = () => {
      const method = windowDiscrepancy(SMALL)
      everyday(method, 0, 21 * WINDOW)
      return method.finish()
    }
    expect(run().findings.length).toBeLessThanOrEqual(5)
    expect(run()).toEqual(run())
  })

  it('accuses an account that is unlike the beginning from its fiftieth request, and not those that are like it', () => {
    const method = accountDiscrepancy(SMALL)
    everyday(method, 0, WINDOW)
    for (let n = 0; n < 60; n++) {
      method.take('requests', sketched('odd', WINDOW + n, [...shingles(-500, 40), n]))
      method.take('requests', everydayCall('even', WINDOW + n))
    }
    const { findings, accountScores } = method.finish()
    expect(findings).toMatchObject([{ event_time_ms: WINDOW + 49, accounts: [{ account_id: 'odd' }] }])
    expect(accountScores.get('odd')).toBeGreaterThan(accountScores.get('even')!)
  })

  it('has no score for an account below the minimum, nor before there is a reference for its content key', () => {
    const method = accountDiscrepancy(SMALL)
    everyday(method, 0, WINDOW)
    for (let n = 0; n < 49; n++) method.take('requests', sketched('odd', n, shingles(-500, 40)))
    for (let n = 0; n < 100; n++) method.take('requests', sketched('odd', n, shingles(-500, 40), 1))
    expect(method.finish().accountScores.size).toBe(0)
  })
})

function everyday(method: Method, from: number, to: number): void {
  for (let n = from; n < to; n++) method.take('requests', everydayCall(`user-${n % 7}`, n))
}

/** One of many topics, with words of its own. */
function everydayCall(account_id: string, time_ms: number) {
  const topic = createRandom(`${account_id}/${time_ms}`).int(30)
  return sketched(account_id, time_ms, [...shingles(topic * 1_000, 20), ...shingles(1e6 + time_ms * 20, 10)])
}
