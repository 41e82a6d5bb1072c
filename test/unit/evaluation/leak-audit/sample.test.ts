import { describe, expect, it } from 'vitest'
import { BottomSample } from '../../../../lib/evaluation/leak-audit/sample.ts'

const keys = Array.from({ length: 5_000 }, (_, index) => `key-${index}`)

function sampleOf(order: readonly string[], records_max: number): string[] {
  const sample = new BottomSample(records_max)
  for (const key of order) sample.add(key, key, () => new Map())
  return sample
    .records()
    .map(({ account_id }) => account_id)
    .sort()
}

describe('a bottom sample', () => {
  it('keeps everything below its ceiling and no more than that above', () => {
    expect(sampleOf(keys.slice(0, 99), 100)).toHaveLength(99)
    expect(sampleOf(keys, 100)).toHaveLength(100)
  })

  it('keeps the same records whatever their order', () => {
    expect(sampleOf([...keys].reverse(), 100)).toEqual(sampleOf(keys, 100))
  })

  it('asks for the features of few that it does not keep', () => {
    let asked = 0
    const sample = new BottomSample(100)
    for (const key of keys) {
      sample.add(key, key, () => {
        asked++
        return new Map()
      })
    }
    expect(asked).toBeLessThan(1_500)
  })
})
