import { describe, expect, it } from 'vitest'
import { scorecard } from '../../../lib/evaluation/scorecard.ts'
import { finding, sceneOf } from './scene.ts'

const TRUTH = sceneOf([
  ...['x1', 'x2', 'x3'].map((id) => ({ id, campaign: 'X' })),
  ...['y1', 'y2'].map((id) => ({ id, campaign: 'Y' })),
  { id: 'b1' },
])

describe('the reach of a method', () => {
  it('counts campaigns that findings about single accounts reach together, which recall does not', () => {
    const findings = [
      finding('1', 0, ['x1']),
      finding('2', 1, ['x2']),
      finding('3', 1, ['y1']),
      finding('4', 2, ['b1']),
    ]
    const card = scorecard({ name: 'm', summary: '' }, { findings, accountScores: new Map() }, TRUTH, 1)
    expect(card.reached).toMatchObject({ hits: 1, trials: 2 })
    expect(card.campaigns.recall).toMatchObject({ hits: 0, trials: 2 })
  })

  it('is never below recall', () => {
    const findings = [finding('1', 0, ['x1', 'x2']), finding('2', 1, ['y1', 'y2', 'b1'])]
    const card = scorecard({ name: 'm', summary: '' }, { findings, accountScores: new Map() }, TRUTH, 1)
    expect(card.reached.hits).toBe(2)
    expect(card.campaigns.recall.hits).toBe(2)
  })
})
