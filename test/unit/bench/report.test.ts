import { describe, expect, it } from 'vitest'
import type { TopicName } from '../../../schemas/topics.ts'
import { rateTable, writtenRows, writtenTable } from '../../bench/report.ts'

const ROWS = [
  { name: 'base', events: 1_000, wall_ms: 500, cpu_ms: 250 },
  { name: 'half', events: 1_000, wall_ms: 1_000, cpu_ms: 1_000 },
]

describe('the tables of the bench', () => {
  it('give each row as a ratio to the base, by wall time and by processor time', () => {
    const [, , base, half] = rateTable(ROWS, 'base').split('\n')
    expect(base).toBe('| base | 1,000 | 2,000 | 1.000 | 4,000 | 1.000 |')
    expect(half).toBe('| half | 1,000 | 1,000 | 0.500 | 1,000 | 0.250 |')
  })

  it('leave the ratio out when the base was not measured', () => {
    expect(rateTable(ROWS.slice(1), 'base')).toContain('| half | 1,000 | 1,000 |  | 1,000 |  |')
  })

  it('add up what all tasks wrote, and tell the changelog apart', () => {
    const first = new Map<TopicName, { records: number; bytes: number }>([
      ['fingerprints', { records: 2, bytes: 20 }],
      ['fingerprints.state', { records: 10, bytes: 100 }],
    ])
    const second = new Map<TopicName, { records: number; bytes: number }>([['fingerprints', { records: 3, bytes: 30 }]])
    const rows = writtenRows([{ written: first }, { written: second }], 'fingerprints.state')
    expect(rows).toEqual([
      { topic: 'fingerprints', records: 5, bytes: 50 },
      { topic: 'fingerprints.state', records: 10, bytes: 100 },
      { topic: 'total without the changelog', records: 5, bytes: 50 },
      { topic: 'total', records: 15, bytes: 150 },
    ])
    expect(writtenTable(rows, { requests: 10, bytes: 1_000 })).toContain('| total | 15 | 150 | 1.500 | 15.0 | 0.150 |')
  })
})
