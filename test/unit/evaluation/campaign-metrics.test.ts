import { describe, expect, it } from 'vitest'
import { calibration } from '../../../lib/evaluation/metrics/calibration.ts'
import { campaignRecall, detections, recallAtBudget } from '../../../lib/evaluation/metrics/campaign-recall.ts'
import { collateral } from '../../../lib/evaluation/metrics/collateral.ts'
import { hardNegatives } from '../../../lib/evaluation/metrics/hard-negatives.ts'
import { leakage } from '../../../lib/evaluation/metrics/leakage.ts'
import { replacement } from '../../../lib/evaluation/metrics/replacement.ts'
import { judge } from '../../../lib/evaluation/metrics/verdicts.ts'
import { type Cast, finding, HOUR_MS, sceneOf } from './scene.ts'

const member = (id: string, hours: number[] = [0, 1, 2, 3]): Cast => ({ id, campaign: 'X', hours })
const X = ['x1', 'x2', 'x3', 'x4', 'x5'].map((id) => member(id))
const Y: Cast[] = ['y1', 'y2'].map((id) => ({ id, campaign: 'Y', hours: [5] }))
const LONE: Cast = { id: 'lone', campaign: 'Z' }
const BENIGN: Cast[] = ['b1', 'b2', 'b3', 'b4'].map((id) => ({ id }))
const scene = sceneOf([...X, ...Y, LONE, ...BENIGN])

describe('judge', () => {
  const verdictOn = (accounts: string[]) => judge([finding('f', 1, accounts)], scene)[0]!

  it('takes a finding as correct when half of it and two accounts are of the campaign', () => {
    expect(verdictOn(['x1', 'x2', 'b1', 'b2']).campaign_id).toBe('X')
    expect(verdictOn(['x1', 'x2', 'b1', 'b2', 'b3']).campaign_id).toBeNull()
    expect(verdictOn(['x1']).campaign_id).toBeNull()
  })

  it('lets one account stand for a campaign that has no other', () => {
    expect(verdictOn(['lone']).campaign_id).toBe('Z')
  })

  it('takes a finding as false when more than half of it is benign', () => {
    expect(verdictOn(['x1', 'x2', 'b1', 'b2']).isFalse).toBe(false)
    expect(verdictOn(['x1', 'b1', 'b2']).isFalse).toBe(true)
    expect(verdictOn([]).isFalse).toBe(false)
  })
})

describe('campaign recall', () => {
  const findings = [
    finding('right', 1, ['x1', 'x2'], 0.9),
    finding('right', 2, ['x1', 'x2', 'x3'], 0.8),
    finding('wrong', 1, ['b1', 'b2'], 0.7),
    finding('wrong', 2, ['b1', 'b2', 'b3'], 0.6),
    finding('faint', 3, ['y1', 'y2'], 0.5),
  ]

  it('dates a campaign from the first state that is correct for it', () => {
    expect(detections(judge(findings, scene)).get('X')).toBe(HOUR_MS)
  })

  it('counts a finding that is false in several states once', () => {
    const { recall, falseClusters } = campaignRecall(judge(findings, scene), scene, 1)
    expect([recall.hits, recall.trials, falseClusters.events]).toEqual([2, 3, 1])
  })

  it('lowers the threshold only as far as the budget of false clusters allows', () => {
    const { recall, score_min, falseClusters } = recallAtBudget(judge(findings, scene), scene, 1)
    expect([recall.hits, score_min, falseClusters.events]).toEqual([1, 0.8, 0])
  })

  it('spends no more than the budget where findings tie', () => {
    const tied = [finding('right', 1, ['x1', 'x2'], 0.7), finding('wrong', 1, ['b1', 'b2'], 0.7)]
    expect(recallAtBudget(judge(tied, scene), scene, 1)).toMatchObject({ score_min: null, recall: { hits: 0 } })
  })
})

describe('leakage', () => {
  it('counts what was answered up to the finding, and up to the naming of four fifths', () => {
    const findings = [finding('f', 1, ['x1', 'x2']), finding('f', 2, ['x1', 'x2', 'x3', 'x4'])]
    const leak = leakage(judge(findings, scene), scene).find(({ campaign_id }) => campaign_id === 'X')!
    expect(leak.found).toEqual({ after_ms: HOUR_MS, exchanges: 10, output_tokens: 100, share: 0.5, share_floored: 1 })
    expect(leak.named).toMatchObject({ after_ms: 2 * HOUR_MS, exchanges: 15, share: 0.75 })
  })

  it('takes everything as leaked when nobody noticed', () => {
    const leak = leakage([], scene).find(({ campaign_id }) => campaign_id === 'X')!
    expect(leak.found).toMatchObject({ after_ms: null, exchanges: 20, share: 1 })
  })

  it('counts the first 500 exchanges as leaked, however early the finding', () => {
    const hours = Array.from({ length: 500 }, (_, hour) => hour)
    const large = sceneOf([member('x1', hours), member('x2', hours)])
    const [leak] = leakage(judge([finding('f', 0, ['x1', 'x2'])], large), large)
    expect(leak!.found).toMatchObject({ exchanges: 2, share: 0.002, share_floored: 0.5 })
  })
})

describe('collateral', () => {
  it('tells campaigns that fell apart from campaigns that were thrown together', () => {
    const findings = [
      finding('f1', 1, ['x1', 'x2', 'b1']),
      finding('f2', 1, ['x3', 'x4']),
      finding('f3', 2, ['x1', 'x2', 'x3', 'y1', 'y2']),
    ]
    expect(collateral(judge(findings, scene), scene)).toMatchObject({
      findings: 3,
      correctFindings: 3,
      falseFindings: 0,
      splitCampaigns: 1,
      mergingFindings: 1,
      benignAmongAccused: { hits: 1, trials: 7 },
      backbone: { hits: 1, trials: 4 },
      benignPerCorrect: 1 / 3,
    })
  })
})

describe('hard negatives', () => {
  it('puts the family with the highest share of accused instances first', () => {
    const honest = (family: string, account: number): Cast => ({
      id: `${family}-${account}`,
      scenario: family,
      instance: `${family}-${account >> 1}`,
    })
    const truth = sceneOf(['H1', 'H2', 'H3'].flatMap((family) => [0, 1, 2, 3].map((i) => honest(family, i))))
    const findings = [finding('f', 1, ['H2-0', 'H2-1', 'H3-0']), finding('g', 1, ['H3-3'])]
    const rows = hardNegatives(judge(findings, truth), truth)
    expect(rows.map(({ family, instances, accounts }) => [family, instances.hits, accounts.hits])).toEqual([
      ['H3', 2, 2],
      ['H2', 1, 2],
      ['H1', 0, 0],
    ])
    expect(rows[2]!.instances.bound).toBeCloseTo(0.776, 3)
  })
})

describe('replacement', () => {
  it('counts a replacement as linked when a finding of its campaign names it in time', () => {
    const late = (id: string): Cast => ({ ...member(id, [10]), role: 'replacement' })
    const truth = sceneOf([...X, late('r1'), late('r2'), late('r3')])
    const findings = [
      finding('f', 10.5, ['x1', 'x2'], 0.5, ['r1']),
      finding('f', 20, ['x1', 'x2', 'r2']),
      finding('late', 40, ['x1', 'r3']),
    ]
    expect(replacement(judge(findings, truth), truth)).toMatchObject({
      within_1h: { hits: 1, trials: 3 },
      within_24h: { hits: 2, trials: 3 },
    })
  })
})

describe('calibration', () => {
  it('weighs the gap between score and outcome by findings', () => {
    const findings = [
      finding('a', 1, ['x1', 'x2'], 0.85),
      finding('b', 1, ['b1', 'b2'], 0.85),
      finding('c', 1, ['b1', 'b2'], 0.25),
      finding('gone', 1, [], 1),
    ]
    const { bins, ece } = calibration(judge(findings, scene))
    expect(bins.map(({ from, right }) => [from, right.hits, right.trials])).toEqual([
      [0.2, 0, 1],
      [0.8, 1, 2],
    ])
    expect(ece).toBeCloseTo((2 * 0.35 + 0.25) / 3, 9)
  })
})
