import { describe, expect, test } from 'vitest'
import type { Cluster } from '../../../consumers/campaigns/component.ts'
import { alertId, succeed } from '../../../consumers/campaigns/identity.ts'

const cluster = (accounts: string): Cluster => ({ accounts: accounts.split(''), anchors: [] })
const known = (campaign_id: string, founded_hop: number, members: string) => ({
  campaign_id,
  founded_hop,
  members: new Set(members),
})

describe('succession', () => {
  test('a campaign continues though all but one of its members were replaced, step by step', () => {
    const grown = cluster('cdxyz')
    expect(succeed([grown], [known('c-1', 1, 'abcd')])).toMatchObject({
      continued: [{ campaign_id: 'c-1', cluster: grown }],
      founded: [],
      ended: [],
    })
  })

  test('where campaigns meet the oldest survives and the others merge into it', () => {
    const all = cluster('abcdef')
    const result = succeed([all], [known('c-2', 2, 'cdef'), known('c-1', 1, 'ab')])
    expect(result.continued).toEqual([{ campaign_id: 'c-1', cluster: all }])
    expect(result.merged).toEqual([{ campaign_id: 'c-2', into: 'c-1' }])
  })

  test('the larger part keeps the identity, the smaller is a split of it', () => {
    const [small, large] = [cluster('ab'), cluster('cdef')]
    const result = succeed([small, large], [known('c-1', 1, 'abcdef')])
    expect(result.continued).toEqual([{ campaign_id: 'c-1', cluster: large }])
    expect(result.founded).toEqual([{ cluster: small, split_from: 'c-1' }])
  })

  test('a cluster of strangers is founded, a campaign without a cluster ends', () => {
    const result = succeed([cluster('xyz')], [known('c-1', 1, 'abc')])
    expect(result.founded).toMatchObject([{ split_from: null }])
    expect(result.ended).toEqual(['c-1'])
    expect(result.continued).toEqual([])
  })

  test('does not depend on the order in which campaigns are known', () => {
    const campaigns = [known('c-1', 1, 'ab'), known('c-2', 1, 'cd'), known('c-3', 3, 'ef'), known('c-4', 4, 'zy')]
    const clusters = [cluster('abcd'), cluster('ef')]
    const sorted = ({ continued, merged, ended }: ReturnType<typeof succeed>) => [continued, merged, ended]
    expect(sorted(succeed(clusters, [...campaigns].reverse()))).toEqual(sorted(succeed(clusters, campaigns)))
  })
})

test('an alert id is a function of the kind, the subject and the founding hop', () => {
  const ids = [
    alertId('campaign', 'x', 1),
    alertId('account', 'x', 1),
    alertId('campaign', 'y', 1),
    alertId('campaign', 'x', 2),
  ]
  expect(new Set(ids).size).toBe(4)
  expect(alertId('campaign', 'x', 1)).toBe(ids[0])
})
