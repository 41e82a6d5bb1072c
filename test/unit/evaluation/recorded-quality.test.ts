import { describe, expect, it } from 'vitest'
import { summaryOf } from '../../../lib/evaluation/bench.ts'
import type { Finding } from '../../../lib/evaluation/method.ts'
import { recordOf, regressions } from '../../../lib/evaluation/recorded-quality.ts'
import { partResults, type Results } from '../../../lib/evaluation/results.ts'
import { scorecard } from '../../../lib/evaluation/scorecard.ts'
import { finding, sceneOf } from './scene.ts'

const campaigns = Array.from({ length: 10 }, (_, i) => i)
const scene = sceneOf([
  ...campaigns.flatMap((i) => [0, 1].map((n) => ({ id: `x${i}-${n}`, campaign: `X${i}` }))),
  ...Array.from({ length: 50 }, (_, i) => ({ id: `b${i}`, hours: [0, 168] })),
])
const found = (count: number) => campaigns.slice(0, count).map((i) => finding(`f${i}`, 1, [`x${i}-0`, `x${i}-1`]))

function resultsOf(findings: readonly Finding[]): Results {
  const card = scorecard({ name: 'pipeline', summary: '' }, { findings, accountScores: new Map() }, scene, 1)
  const result = { truth: scene, stream: summaryOf(scene), scorecards: [card], findings: new Map(), seconds: {} }
  const parts = [partResults('mixed', '', result)]
  return { profile: 'small', seed: 1, config_hash: '', parts, cost_curve: [], cost: {} }
}

describe('regressions', () => {
  const recorded = recordOf(resultsOf(found(8)))

  it('are none for the run that was recorded, nor for one within its noise', () => {
    expect(regressions(recorded, resultsOf(found(8)))).toEqual([])
    expect(regressions(recorded, resultsOf(found(5)))).toEqual([])
  })

  it('name a recall below the recorded interval', () => {
    expect(regressions(recorded, resultsOf(found(4)))).toEqual([expect.stringContaining('mixed: recall 0.4')])
  })

  it('name ordinary accounts that are accused more often than the recorded bound', () => {
    const all = finding(
      'wrong',
      1,
      Array.from({ length: 50 }, (_, i) => `b${i}`),
    )
    expect(regressions(recorded, resultsOf([...found(8), all]))).toEqual([expect.stringContaining('ordinary accounts')])
  })

  it('name a part that was not run', () => {
    expect(regressions(recorded, { ...resultsOf([]), parts: [] })).toEqual(['mixed: not run'])
  })
})
