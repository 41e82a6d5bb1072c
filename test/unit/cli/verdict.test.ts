import { describe, expect, it } from 'vitest'
import { HopDelay } from '../../../lib/cli/demo/hop-delay.ts'
import { judge } from '../../../lib/cli/demo/verdict.ts'
import type { LabelLine } from '../../../producers/sample/traffic.ts'
import { campaign, crowd } from '../../helpers/campaigns.ts'
import { runTopology } from '../../helpers/topology.ts'
import { inOrder, tick, timeAt } from '../../helpers/traffic.ts'

const [alert] = runTopology(inOrder([...crowd(), ...campaign(), tick(40)])).alerts
if (!alert) throw new Error('the campaign of the helpers raises no alert')

function revision(alert_id: string, accused: readonly string[], linked: readonly string[] = []) {
  const member = (account_id: string) => ({ account_id, org_id: account_id, score: 1, reasons: ['shared span'] })
  return { ...alert!, alert_id, accounts: accused.map(member), related_accounts: linked.map(member) }
}

function label(account_id: string, campaign_id: string | null, first_event: string | null = timeAt(0)): LabelLine {
  const role = campaign_id === null ? 'user' : 'member'
  const kind = campaign_id === null ? ('benign' as const) : ('malicious' as const)
  return { account_id, label: kind, campaign_id, role, scenario: 'test', first_event, last_event: first_event }
}

const labels = [label('h1', 'hydra'), label('h2', 'hydra'), label('h3', 'hydra'), label('b1', null), label('b2', null)]

describe('the verdict on a run', () => {
  it('counts an account as accused by the last revision of an alert, and remembers an accusation taken back', () => {
    const alerts = [revision('x', ['h1', 'b1'], ['h2']), revision('x', ['h1', 'h2'], ['h3', 'b2'])]
    expect(judge(alerts, labels)).toEqual([
      { truth: 'hydra', accounts: 3, accused: 2, ever_accused: 2, linked: 1 },
      { truth: 'ordinary', accounts: 2, accused: 0, ever_accused: 1, linked: 1 },
    ])
  })

  it('does not let one alert take back the accusation of another', () => {
    const [hydra] = judge([revision('x', ['h1']), revision('y', ['h1', 'h2']), revision('y', [])], labels)
    expect(hydra).toMatchObject({ accused: 1, ever_accused: 2 })
  })

  it('counts an account that one alert accuses and another links as accused only', () => {
    expect(judge([revision('x', ['h1']), revision('y', [], ['h1'])], labels)[0]).toMatchObject({
      accused: 1,
      linked: 0,
    })
  })

  it('leaves accounts out that sent nothing, and says so of a run without alerts', () => {
    expect(judge([], [...labels, label('idle', 'hydra', null)])).toEqual([
      { truth: 'hydra', accounts: 3, accused: 0, ever_accused: 0, linked: 0 },
      { truth: 'ordinary', accounts: 2, accused: 0, ever_accused: 0, linked: 0 },
    ])
  })
})

describe('the delay of a hop', () => {
  const committed = (stage: string, hop: number, taken_ms: number, committed_ms: number) => {
    return { stage, task: 0, hop, taken_ms, committed_ms }
  }

  it('goes from the last source that cut it to the commit of its alerts', () => {
    const delay = new HopDelay()
    delay.note(committed('fingerprints', 7, 1_000, 1_050))
    delay.note(committed('fingerprints', 7, 1_200, 1_250))
    delay.note(committed('linkage', 7, 1_300, 9_999))
    delay.note(committed('campaigns', 7, 1_400, 1_500))
    expect([delay.hops(), delay.quantile_ms(0.5), delay.quantile_ms(0.99)]).toEqual([1, 300, 300])
  })

  it('is known by nearest rank, and not at all before the first hop or for a hop that nobody cut', () => {
    const delay = new HopDelay()
    expect(delay.quantile_ms(0.5)).toBeNull()
    delay.note(committed('campaigns', 1, 0, 500))
    expect(delay.hops()).toBe(0)
    for (let hop = 1; hop <= 100; hop++) {
      delay.note(committed('fingerprints', hop, 0, 0))
      delay.note(committed('campaigns', hop, 0, hop))
    }
    expect([0, 0.5, 0.99, 1].map((q) => delay.quantile_ms(q))).toEqual([1, 50, 99, 100])
  })
})
