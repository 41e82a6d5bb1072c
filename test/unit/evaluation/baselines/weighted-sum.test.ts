import { describe, expect, it } from 'vitest'
import { Workers } from '../../../../lib/evaluation/baselines/glasswally/workers.ts'
import {
  FIRST_WEIGHTED_SUM,
  WEIGHTED_SUM,
  type WeightedSumParameters,
  weightedSum,
} from '../../../../lib/evaluation/baselines/weighted-sum.ts'
import type { Method } from '../../../../lib/evaluation/method.ts'
import { CUE_CLASSES } from '../../../../lib/sketch/cues.ts'
import type { Request } from '../../../../schemas/types.ts'
import { account, HOUR_MS, request } from './records.ts'

describe('B6, the weighted sum', () => {
  it('has weights that sum to one, less those of the three signals that no record holds', () => {
    const sum = ({ weights }: WeightedSumParameters) => Object.values(weights).reduce((total, one) => total + one, 0)
    expect(sum(FIRST_WEIGHTED_SUM)).toBeCloseTo(1, 9)
    expect(sum(WEIGHTED_SUM)).toBeCloseTo(1 - 0.06 - 0.04 - 0.02, 9)
  })

  it('accuses a fast, regular account of a cluster that asks for reasoning, and nobody else', () => {
    const method = weightedSum()
    for (let n = 0; n < 10; n++) method.take('accounts', account(`a${n}`, { payment_hash: 1 }))
    for (let n = 0; n < 300; n++) method.take('requests', call('a0', n * 10_000, 100))
    for (let n = 0; n < 5; n++) method.take('requests', call('a1', n * HOUR_MS, 0))
    const { findings, accountScores } = method.finish()
    expect(findings.map(({ finding_id }) => finding_id)).toEqual(['B6:a0'])
    expect(findings[0]!.score).toBeGreaterThanOrEqual(0.35)
    expect(findings[0]!.event_time_ms).toBeLessThan(300 * 10_000)
    expect(accountScores.get('a1')).toBeLessThan(0.35)
  })

  it('does not accuse an account for its pace, its words or its clients alone', () => {
    const method = weightedSum()
    for (let n = 0; n < 300; n++) method.take('requests', call('fast', n * 10_000, 0))
    for (let n = 0; n < 4; n++) method.take('requests', call('words', n * HOUR_MS, 100))
    for (let n = 0; n < 8; n++) method.take('requests', call('clients', n * HOUR_MS, 0, n))
    const { findings, accountScores } = method.finish()
    expect(findings).toEqual([])
    expect(accountScores.get('words')).toBeCloseTo(0.09 * 0.4 * (0.4 + 0.6 * 0.9) + 0.08, 9)
    const scheduled = 0.04 * (0.55 + 0.25) * (0.4 + 0.6 * 0.88)
    const rotating = 0.14 * 0.2 * (0.4 + 0.6 * 0.4) * (0.4 + 0.6 * 0.4)
    expect(accountScores.get('clients')).toBeCloseTo(scheduled + rotating, 9)
  })

  it('says the same when two sums share what they read', () => {
    const feed = (methods: readonly Method[]) => {
      for (let n = 0; n < 200; n++) {
        const records = [
          account(`a${n % 6}`, { payment_hash: n % 2 }),
          call(`a${n % 6}`, n * 20_000, n % 100, n % 5),
        ] as const
        for (const method of methods) {
          method.take('accounts', records[0])
          method.take('requests', records[1])
        }
      }
      return methods.map((method) => method.finish())
    }
    const workers = new Workers(WEIGHTED_SUM)
    const shared = feed([weightedSum(WEIGHTED_SUM, workers), weightedSum(FIRST_WEIGHTED_SUM, workers)])
    expect(shared).toEqual([...feed([weightedSum()]), ...feed([weightedSum(FIRST_WEIGHTED_SUM)])])
    expect(shared[0]).not.toEqual(shared[1])
  })

  it('counts a switch of models more when the cluster switches together', () => {
    const switching = (payment: (n: number) => number) => {
      const method = weightedSum()
      for (let n = 0; n < 6; n++) method.take('accounts', account(`a${n}`, { payment_hash: payment(n) }))
      for (const [hour, model] of ['old', 'new'].entries())
        for (let n = 0; n < 6; n++)
          method.take('requests', { ...call(`a${n}`, hour * HOUR_MS + n * 1_000, 0), request_model: model })
      return method.finish().accountScores
    }
    const together = switching(() => 1)
    expect(together.get('a5')).toBeGreaterThan(together.get('a0')!)
    expect(switching((n) => n).get('a5')).toBeCloseTo(0.05 * 0.2 * (0.4 + 0.6 * 0.85), 9)
  })
})

/** `reasoning` is the cue score, 0 to 100. */
function call(account_id: string, end_time_ms: number, reasoning: number, tuple_hash: number | null = null): Request {
  const base = request(account_id, end_time_ms)
  const cue_scores = CUE_CLASSES.map((cue) => (cue === 'reasoning' ? reasoning : 0))
  return {
    ...base,
    client: { ...base.client, tuple_hash },
    sketch: {
      key_epoch: 1,
      system_hash: null,
      prefix_hashes: [],
      body_hash: null,
      body_bias_hash: null,
      spans: [],
      cue_scores,
      messages: 1,
      system_chars: 0,
      input_chars: 10,
      output_chars: 10,
    },
  }
}
