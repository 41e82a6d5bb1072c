import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type RecordedQuality, regressions } from '../../lib/evaluation/recorded-quality.ts'
import type { Results } from '../../lib/evaluation/results.ts'
import { hydrawatch, scratch } from '../helpers/cli.ts'

const RECORDED = join(import.meta.dirname, 'recorded/small.json')

describe('the small profile', () => {
  it('is no worse than recorded by more than noise', async () => {
    const { folder, read } = scratch()
    const { status, err } = await hydrawatch([
      '--quiet',
      'evaluate',
      '--profile',
      'small',
      '--no-baselines',
      '--report',
      folder,
    ])
    expect({ status, err }).toEqual({ status: 0, err: '' })
    const recorded = JSON.parse(readFileSync(RECORDED, 'utf8')) as RecordedQuality
    expect(regressions(recorded, JSON.parse(read('results.json')) as Results)).toEqual([])
  })
})
