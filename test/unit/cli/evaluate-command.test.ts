import { describe, expect, it } from 'vitest'
import { createBaselines } from '../../../lib/evaluation/baselines/index.ts'
import { ABLATED_BLOCKS } from '../../../lib/evaluation/pipeline/without-block.ts'
import { hydrawatch, jsonLines, scratch } from '../../helpers/cli.ts'

const lines = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('')
const request = (account_id: string, minute: number) => ({
  type: 'request',
  event_id: `${account_id}-${minute}`,
  event_time: `2026-03-02T08:${String(minute).padStart(2, '0')}:00.000Z`,
  account_id,
  request_model: 'm',
  usage: { output_tokens: 10 },
  response: { status: 200, latency_ms: 1000 },
})
const label = (account_id: string, campaign_id: string | null) => ({
  account_id,
  label: campaign_id === null ? 'benign' : 'malicious',
  campaign_id,
  role: 'member',
  scenario: campaign_id === null ? 'backbone' : 'M1',
  first_event: null,
  last_event: null,
})
const EVENTS = ['a', 'b', 'c'].flatMap((account_id) => [0, 10, 20].map((minute) => request(account_id, minute)))
const LABELS = [label('a', 'X'), label('b', 'X'), label('c', null)]
const alertOn = (...accounts: string[]) => ({
  alert_id: 'alert-1',
  revision: 1,
  event_time: '2026-03-02T08:05:00.000Z',
  accounts: accounts.map((account_id) => ({ account_id, org_id: account_id, score: 0.9, reasons: [] })),
  related_accounts: [],
  score: 0.8,
})

function files(labels: readonly object[] = LABELS, alerts: readonly object[] = [alertOn('a', 'b')]) {
  const place = scratch()
  const events = place.write('events.ndjson', lines(EVENTS))
  const labelled = place.write('labels.ndjson', lines(labels))
  const alerted = place.write('alerts.ndjson', lines(alerts))
  return { ...place, base: ['evaluate', '--events', events, '--labels', labelled], alerted }
}

describe('hydrawatch evaluate', () => {
  it('scores alerts against labels and writes a report that needs no other file', async () => {
    const { base, alerted, path, read } = files()
    const { status, out } = await hydrawatch([...base, '--alerts', alerted, '--json', '--report', path('report')])
    expect(status).toBe(0)
    const [{ parts }] = jsonLines<{ parts: { scorecards: Record<string, unknown>[] }[] }>(out) as [
      { parts: { scorecards: Record<string, unknown>[] }[] },
    ]
    expect(parts[0]!.scorecards[0]).toMatchObject({
      method: 'alerts',
      campaigns: { recall: { hits: 1, trials: 1 }, falseClusters: { events: 0 } },
      leakage: [{ campaign_id: 'X', exchanges: 6, found: { exchanges: 2 } }],
    })
    const html = read('report/report.html')
    expect(html).toContain('<svg')
    expect(html).not.toMatch(/<(script|link|img)\b/)
  })

  it('says in dollars what leaked, at the price that is asked for', async () => {
    const { base, alerted } = files()
    const run = (...price: string[]) => hydrawatch([...base, '--alerts', alerted, ...price])
    const leaked = ({ out }: { out: string }) => out.split('\n').find((line) => /^X +1? +2 /.test(line))
    // Two answers of ten tokens.
    expect(leaked(await run('--output-price', '1000000'))).toContain(' 20 ')
    expect(leaked(await run('--output-price', '1000000'))).toContain(' 20.00 ')
    expect(leaked(await run())).toContain(' 0.00 ')
    expect(await run('--output-price', '0')).toMatchObject({ status: 2 })
  })

  it('judges the pipeline, its ablations and every baseline over the same events', async () => {
    const { base } = files()
    const { out } = await hydrawatch([...base, '--json'])
    const [{ parts }] = jsonLines<{ parts: { scorecards: { method: string }[] }[] }>(out) as [
      { parts: { scorecards: { method: string }[] }[] },
    ]
    const methods = parts[0]!.scorecards.map(({ method }) => method)
    expect(methods[0]).toBe('pipeline')
    expect(methods.filter((method) => method.startsWith('pipeline without '))).toHaveLength(ABLATED_BLOCKS.length)
    expect(methods.filter((method) => method.startsWith('B'))).toEqual(createBaselines().map(({ name }) => name))
    expect([...new Set(methods)]).toEqual(methods)
  })

  it('leaves the baselines out when told to', async () => {
    const { out } = await hydrawatch([...files().base, '--no-baselines', '--json'])
    expect(out).toContain('"pipeline without payload"')
    expect(out).not.toContain('"B0"')
  })

  it('writes the same results on every run once the cost is taken out', async () => {
    const { base, path, read } = files()
    const results = async (name: string) => {
      await hydrawatch([...base, '--report', path(name)])
      return { ...(JSON.parse(read(`${name}/results.json`)) as object), cost: null }
    }
    expect(JSON.stringify(await results('second'))).toBe(JSON.stringify(await results('first')))
  })

  it('refuses labels of another run', async () => {
    const { base, alerted } = files([label('stranger', null)])
    const { status, err } = await hydrawatch([...base, '--alerts', alerted])
    expect(status).toBe(1)
    expect(err).toMatch(/names no account of .*events\.ndjson/)
  })

  it('refuses an account without a label', async () => {
    const { base, alerted } = files(LABELS.slice(0, 2))
    const { status, err } = await hydrawatch([...base, '--alerts', alerted])
    expect([status, err]).toEqual([1, expect.stringContaining('no label for 1 accounts')])
  })

  it('refuses alerts of other accounts', async () => {
    const { base, alerted } = files(LABELS, [alertOn('a', 'stranger')])
    const { status, err } = await hydrawatch([...base, '--alerts', alerted])
    expect([status, err]).toEqual([1, expect.stringContaining('such as stranger')])
  })

  it('names the line that is no label', async () => {
    const { base, alerted } = files([LABELS[0]!, { account_id: 'b', label: 'odd' }])
    const { status, err } = await hydrawatch([...base, '--alerts', alerted])
    expect([status, err]).toEqual([1, expect.stringMatching(/labels\.ndjson line 2 is no label \(label:/)])
  })

  it.each([
    ['nothing to score', []],
    ['events without labels', ['--events', 'events.ndjson']],
    ['files beside a profile', ['--profile', 'small', '--labels', 'labels.ndjson']],
    ['public sets that are not there', ['--profile', 'small', '--data', '/nowhere']],
    ['public sets beside files', ['--events', 'events.ndjson', '--labels', 'labels.ndjson', '--data', '.']],
    ['a file that is not there', ['--events', '/nowhere', '--labels', '/nowhere']],
  ])('takes %s as wrong usage', async (_what, argv) => {
    expect((await hydrawatch(['evaluate', ...argv])).status).toBe(2)
  })
})
