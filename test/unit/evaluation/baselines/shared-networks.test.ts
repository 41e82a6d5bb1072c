import { describe, expect, it } from 'vitest'
import { SHARED_NETWORKS, sharedNetworks } from '../../../../lib/evaluation/baselines/shared-networks.ts'
import type { Method } from '../../../../lib/evaluation/method.ts'
import type { Request } from '../../../../schemas/types.ts'
import { HOUR_MS, request } from './records.ts'

const NAMES = ['a', 'b', 'c']

describe('B5, shared networks', () => {
  it('accuses three organisations whose accounts share a network, when it looks next', () => {
    const method = sharedNetworks()
    for (const [n, id] of NAMES.entries()) method.take('requests', call(id, n, 1, `org-${id}`))
    method.take('requests', call('x', HOUR_MS, 2, 'org-x'))
    const { findings, accountScores } = method.finish()
    expect(findings).toMatchObject([{ event_time_ms: HOUR_MS, accounts: NAMES.map((account_id) => ({ account_id })) }])
    expect([accountScores.get('c'), accountScores.get('x')]).toEqual([1, undefined])
  })

  it('joins on autonomous systems as well, and not on one of each kind', () => {
    const method = sharedNetworks()
    for (const [n, id] of NAMES.entries()) method.take('requests', call(id, n, 100 + n, `org-${id}`, 1))
    for (const id of ['x', 'y']) method.take('requests', call(id, 9, 5, `org-${id}`))
    for (const id of ['y', 'z']) method.take('requests', call(id, 9, id === 'y' ? 6 : 7, `org-${id}`, 2))
    expect(groups(method)).toEqual([NAMES])
  })

  it('does not accuse accounts of one organisation', () => {
    const method = sharedNetworks()
    for (const [n, id] of NAMES.entries()) method.take('requests', call(id, n, 1, 'house'))
    expect(method.finish().findings).toEqual([])
  })

  it('asks for more within a component that is giant, and leaves the others alone', () => {
    const method = sharedNetworks({ ...SHARED_NETWORKS, giant_accounts: 5 })
    for (let n = 0; n < 6; n++) method.take('requests', call(`user-${n}`, n, 1, `org-user-${n}`))
    for (const network of [1, 2]) for (const id of NAMES) method.take('requests', call(id, 10, network, `org-${id}`))
    for (const id of ['x', 'y', 'z']) method.take('requests', call(id, 20, 9, `org-${id}`))
    expect(groups(method)).toEqual([['x', 'y', 'z'], NAMES])
  })

  it('links nobody further through a network that has as many holders as the ceiling', () => {
    const run = (holders_max: number) => {
      const method = sharedNetworks({ ...SHARED_NETWORKS, holders_max })
      for (const id of NAMES) method.take('requests', call(id, 1, 1, `org-${id}`))
      return groups(method).length
    }
    expect(run(3)).toBe(1)
    expect(run(2)).toBe(0)
  })
})

function groups(method: Method): string[][] {
  return method.finish().findings.map(({ accounts }) => accounts.map(({ account_id }) => account_id))
}

function call(
  account_id: string,
  time_ms: number,
  network: number,
  org_id: string,
  asn: number | null = null,
): Request {
  const base = request(account_id, time_ms, network)
  return { ...base, org_id, client: { ...base.client, asn } }
}
