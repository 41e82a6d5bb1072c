import { describe, expect, it } from 'vitest'
import { LEAK_AUC } from '../../lib/evaluation/leak-audit/separation.ts'
import { hydrawatch, jsonLines, scratch } from '../helpers/cli.ts'

interface Row {
  readonly scenario: string
  readonly level: string
  readonly of: string
  readonly field: string
  readonly auc: number
}

/** Every campaign beside ordinary customers: traffic on which no figure counts unless this holds. */
describe('simulated traffic', () => {
  it.each([1, 2, 3])('has no raw field that gives away a campaign at level %i', async (level) => {
    const { path } = scratch()
    const files = [path('events.ndjson'), path('labels.ndjson')] as const
    const size = ['--accounts', '600', '--days', '0.5', '--seed', '3', '--scenario', `malicious:level=${level}`]
    const simulated = await hydrawatch(['simulate', ...size, '--out', files[0], '--labels', files[1]])
    expect(simulated.status).toBe(0)
    const audited = await hydrawatch(['leak-audit', '--all', '--json', '--events', files[0], '--labels', files[1]])
    const rows = jsonLines<Row>(audited.out)
    const raw = rows.filter(({ of }) => of !== 'aggregate')
    expect(new Set(raw.map(({ scenario }) => scenario)).size).toBeGreaterThanOrEqual(10)
    expect(raw.filter(({ auc }) => auc > LEAK_AUC)).toEqual([])
    expect(audited.status).toBe(0)
  })
})
