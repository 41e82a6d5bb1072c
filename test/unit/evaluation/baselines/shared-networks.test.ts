import { describe, expect, it } from 'vitest'
import { SHARED_NETWORKS, sharedNetworks } from '../../../../lib/evaluation/baselines/shared-networks.ts'
import type { Request } from '../../../../schemas/types.ts'
import { request } from './records.ts'

describe('B5, shared networks', () => {
  it('accuses three organisations whose accounts share two networks, from the request that joins the third', () => {
    const method = sharedNetworks()
    for (const [n, id] of ['a', 'b', 'c'].entries())
      for (const network of [1, 2]) method.take('requests', call(id, n * 10 + network, network, `org-${id}`))
    const { findings, accountScores } = method.finish()
    expect(findings).toMatchObject([
      { event_time_ms: 22, accounts: [{ account_id: 'a' }, { account_id: 'b' }, { account_id: 'c' }] },
    ])
    expect(accountScores.get('c')).toBe(2)
  })

  it('joins on autonomous systems as well', () => {
    const method = sharedNetworks()
    for (const [n, id] of ['a', 'b', 'c'].entries())
      for (const asn of [1, 2]) method.take('requests', call(id, n * 10 + asn, 100 + n, `org-${id}`, asn))
    expect(method.finish().findings).toMatchObject([{ event_time_ms: 22 }])
  })

  it('does not accuse accounts of one organisation, or accounts that share one network', () => {
    const method = sharedNetworks()
    for (const [n, id] of ['a', 'b', 'c'].entries()) {
      for (const network of [1, 2]) method.take('requests', call(id, n, network, 'house'))
      method.take('requests', call(`guest-${id}`, n, 3, `org-${id}`))
    }
    expect(method.finish().findings).toEqual([])
  })

  it('links nobody further through a network that has as many holders as the ceiling', () => {
    const run = (holders_max: number) => {
      const method = sharedNetworks({ ...SHARED_NETWORKS, holders_max })
      for (const id of ['a', 'b', 'c'])
        for (const network of [1, 2]) method.take('requests', call(id, network, network, `org-${id}`))
      return method.finish().findings.length
    }
    expect(run(3)).toBe(1)
    expect(run(2)).toBe(0)
  })
})

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
