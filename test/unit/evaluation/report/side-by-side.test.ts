import { describe, expect, it } from 'vitest'
import { summaryOf } from '../../../../lib/evaluation/bench.ts'
import type { Finding } from '../../../../lib/evaluation/method.ts'
import { reportHtml } from '../../../../lib/evaluation/report/html.ts'
import { plotsOf } from '../../../../lib/evaluation/report/plots.ts'
import { tablesOf } from '../../../../lib/evaluation/report/tables.ts'
import { partResults, type Results } from '../../../../lib/evaluation/results.ts'
import { scorecard } from '../../../../lib/evaluation/scorecard.ts'
import { finding, sceneOf } from '../scene.ts'

const SCENE = sceneOf([
  ...['x1', 'x2', 'x3'].map((id) => ({ id, campaign: 'X' })),
  { id: 'h10', scenario: 'H10', instance: 'H10-01' },
  { id: 'h2', scenario: 'H2', instance: 'H2-01' },
  ...['b1', 'b2'].map((id) => ({ id })),
])

function resultsOf(methods: Readonly<Record<string, readonly Finding[]>>): Results {
  const scorecards = Object.entries(methods).map(([name, findings]) => {
    const accountScores = new Map(
      findings.flatMap(({ accounts }) => accounts.map((one) => [one.account_id, 1] as const)),
    )
    return scorecard({ name, summary: `what ${name} does` }, { findings, accountScores }, SCENE, 1)
  })
  const result = { truth: SCENE, stream: summaryOf(SCENE), scorecards, findings: new Map(), seconds: {} }
  return {
    profile: 'small',
    seed: 1,
    config_hash: '',
    parts: [partResults('mixed', '', result)],
    cost_curve: [],
    cost: {},
  }
}

const METHODS = {
  pipeline: [finding('p', 0, ['x1', 'x2', 'x3'])],
  'pipeline without payload': [],
  B0: [finding('1', 0, ['x1']), finding('2', 1, ['x2']), finding('3', 1, ['b1']), finding('4', 1, ['h10'])],
}

describe('the report', () => {
  it('puts one line per method side by side, ablations left out', () => {
    const table = tablesOf(resultsOf(METHODS), 15).find(({ title }) => title === 'mixed: methods side by side')!
    const cells = table.rows.map((row) => Object.fromEntries(row.map((cell, n) => [table.columns[n]!, cell])))
    expect(cells).toMatchObject([
      { method: 'pipeline', 'campaigns found': '1 of 1', 'malicious accused': '3', 'benign accused': '0' },
      {
        method: 'B0',
        'campaigns found': '0 of 1',
        'two of a campaign accused': '1 of 1',
        'malicious accused': '2',
        'benign accused': '2',
        'of them ordinary': '1 of 2',
      },
    ])
  })

  it('shows whom of each hard family every method accuses, the families in the order of their numbers', () => {
    const table = tablesOf(resultsOf(METHODS), 15).find(({ title }) =>
      title.endsWith('hard negatives, accounts accused'),
    )!
    expect(table.columns).toEqual(['family', 'accounts', 'pipeline', 'B0'])
    expect(table.rows).toEqual([
      ['H2', '1', '0', '0'],
      ['H10', '1', '0', '1'],
    ])
  })

  it('says what every method does, and leaves comparisons out where there is one method', () => {
    expect(tablesOf(resultsOf(METHODS), 15)[0]!.rows).toContainEqual(['B0', 'what B0 does'])
    const alone = tablesOf(resultsOf({ alerts: METHODS.pipeline }), 15).map(({ title }) => title)
    expect(alone.filter((title) => /side by side|accounts accused/.test(title))).toEqual([])
  })

  it('names every method in the legend of a drawing, however many there are', () => {
    const many = Object.fromEntries(Array.from({ length: 13 }, (_, n) => [`method-${n}`, METHODS.pipeline]))
    const [roc] = plotsOf(resultsOf(many))
    for (const name of Object.keys(many)) expect(roc!.svg).toContain(`>${name}<`)
  })

  it('leaves a drawing out of which nothing could be read', () => {
    const names = plotsOf(resultsOf({ pipeline: [] })).map(({ name }) => name)
    expect(names).not.toContain('leakage')
    expect(names).not.toContain('cost-curve')
    expect(names).toContain('roc')
  })

  it('writes small rates on an axis as people do', () => {
    const [roc] = plotsOf(resultsOf(METHODS))
    expect(roc!.svg).toContain('>0.0001<')
    expect(roc!.svg).not.toMatch(/>[\d.]{9,}</)
  })

  it('lets a wide table scroll by itself', () => {
    const results = resultsOf(METHODS)
    expect(reportHtml(results, tablesOf(results, 15), [])).toMatch(/overflow-x:auto[\s\S]*<div><table>/)
  })
})
