import { describe, expect, it } from 'vitest'
import { sceneOf } from './scene.ts'

describe('groundTruth', () => {
  it('counts two days of an organisation as two sevenths of a week', () => {
    const truth = sceneOf([
      { id: 'a', hours: [0, 48] },
      { id: 'quiet', hours: [] },
    ])
    expect(truth.benignOrganisations).toBe(1)
    expect(truth.benignOrganisationWeeks).toBeCloseTo(2 / 7, 9)
  })

  it('counts only the weeks in which the organisation was active', () => {
    const weeks = (...numbers: number[]) => numbers.map((week) => week * 168)
    const truth = sceneOf([
      { id: 'always', hours: weeks(0, 1, 2) },
      { id: 'once', hours: weeks(1) },
      { id: 'late', hours: [503] },
      { id: 'end', hours: [504] },
    ])
    // 504 h are three weeks: 3 of them, 1, 1, and the last at the very end counts nothing.
    expect(truth.benignOrganisationWeeks).toBeCloseTo(5, 9)
  })

  it('leaves accounts that made no request out of their campaign', () => {
    const truth = sceneOf([
      { id: 'a', campaign: 'X' },
      { id: 'standby', campaign: 'X', hours: [] },
    ])
    expect(truth.campaigns.map(({ accounts }) => accounts.map(({ account_id }) => account_id))).toEqual([['a']])
  })
})
