import { afterAll, beforeAll, expect, it } from 'vitest'
import { TOPIC_NAMES, topicDefinition } from '../../../schemas/topics.ts'
import { campaign, crowd } from '../../helpers/campaigns.ts'
import { hydrawatch, jsonLines, scratch } from '../../helpers/cli.ts'
import { type InputEvent, inOrder, outcome, tick, timeAt } from '../../helpers/traffic.ts'
import { type Deployment, openDeployment, type RawRecord } from './deployment.ts'

const ERASED = 'head-3'
const AT = 36
const files = scratch()
const before = inOrder(
  [...crowd(), ...campaign({ until: 60 })].filter(({ event_time }) => String(event_time) <= timeAt(AT)),
)
const after = inOrder([
  ...campaign({ until: 60 }).filter(
    ({ event_time, account_id }) => String(event_time) > timeAt(AT) && account_id !== ERASED,
  ),
  tick(70),
])
let deployment: Deployment

const ndjson = (events: readonly InputEvent[]) => events.map((event) => `${JSON.stringify(event)}\n`).join('')

beforeAll(async () => {
  deployment = await openDeployment(2)
})

afterAll(() => deployment.close())

/** What compaction leaves of a topic: the last record of each key, and not that if it is a tombstone. */
function survivors(records: readonly RawRecord[]): RawRecord[] {
  const last = new Map(records.map((record) => [`${record.topic} ${record.key?.toString('latin1')}`, record]))
  return [...last.values()].filter(({ value }) => value !== null)
}

it('an erased account is on no compacted topic after compaction, and the alerts are those of a replay with its erasure', async () => {
  const { env, prefix } = deployment
  const first = files.write('first.ndjson', ndjson(before))
  const second = files.write('second.ndjson', ndjson(after))
  expect((await hydrawatch(['produce', first], { env })).status).toBe(0)
  const run = await hydrawatch(['erase', ERASED, 'nobody', '--at', timeAt(AT), '--json'], { env })
  expect(run.status, run.err).toBe(0)
  expect(jsonLines(run.out).slice(0, 2)).toMatchObject([
    { account_id: ERASED, record: 'deleted', forgotten: timeAt(AT + 2) },
    { account_id: 'nobody', record: expect.stringMatching(/^none known/) },
  ])
  const remaining = jsonLines(run.out).slice(2)
  expect(remaining).toContainEqual({ topic: `${prefix}alerts`, kept_days: 180 })
  expect((await hydrawatch(['produce', second, '--end-of-input'], { env })).status).toBe(0)
  await deployment.passed(Date.parse(timeAt(70)))

  const erasure = files.write(
    'erasure.ndjson',
    ndjson([outcome({ account_id: ERASED, at: AT }, { outcome: 'erased' })]),
  )
  const alerts = files.path('alerts.ndjson')
  const replayed = await hydrawatch(['replay', first, erasure, second, '--alerts', alerts])
  expect(replayed.status, replayed.err).toBe(0)
  expect(files.read('alerts.ndjson')).toContain(`"${ERASED}"`)
  expect(`${(await deployment.alertLines()).join('\n')}\n`).toBe(files.read('alerts.ndjson'))

  const compactTopics = TOPIC_NAMES.filter((topic) => topicDefinition(topic).cleanup === 'compact').map(
    (topic) => prefix + topic,
  )
  const naming = (records: readonly RawRecord[]) =>
    records.filter(({ key, value }) => [key, value].some((bytes) => bytes?.includes(`${ERASED}`)))
  const all = (await deployment.rawRecords()).filter(({ topic }) => compactTopics.includes(topic))
  const named = new Set(naming(all).map(({ topic }) => topic))
  for (const topic of ['accounts', 'campaigns', 'fingerprints.state', 'linkage.state', 'campaigns.state']) {
    expect(named).toContain(prefix + topic)
  }
  expect(naming(survivors(all)).map(({ topic, key }) => `${topic} ${key}`)).toEqual([])

  deployment.compactNow()
  const left = (await deployment.rawRecords()).filter(({ topic }) => compactTopics.includes(topic))
  expect(naming(survivors(left))).toEqual([])
})

it('refuses what can not be erased, and a moment that the flow has passed', async () => {
  const { env } = deployment
  for (const argv of [[], [''], ['a\u0007'], ['head-1', '--at', 'tomorrow'], ['head-1', '--at', timeAt(10)]]) {
    const run = await hydrawatch(['erase', ...argv], { env })
    expect([argv, run.status]).toEqual([argv, 2])
    expect(run.err).toMatch(/^hydrawatch: /m)
  }
})
