import { describe, expect, test } from 'vitest'
import { STAGE_NAMES } from '../../consumers/pipeline.ts'
import { localType } from '../../lib/avro/record-types.ts'
import { hopOf } from '../../lib/stream/hop.ts'
import { TOPIC_NAMES, type TopicName, topicDefinition } from '../../schemas/topics.ts'
import { campaign, crowd } from '../helpers/campaigns.ts'
import { holds } from '../helpers/holds.ts'
import {
  COMPACTIONS,
  compact,
  differsAfter,
  type RecordedChange,
  type RecordedTask,
  recordRun,
  restoreAt,
} from '../helpers/recorded-run.ts'
import { lastRevisions, runTopology, throughEdge } from '../helpers/topology.ts'
import {
  account,
  asks,
  clientOf,
  type InputEvent,
  inOrder,
  outcome,
  request,
  tick,
  timeAt,
} from '../helpers/traffic.ts'

const COMPACT_TOPICS = TOPIC_NAMES.filter((name) => {
  const { cleanup, writer } = topicDefinition(name)
  return cleanup === 'compact' && writer !== 'producers' && !name.endsWith('.state')
})
const ERASED_AT = 35
const SETTINGS = {
  detectors: { 'logprob-probing': { probes_min: 10, ids_min: 50 } },
  // Everything that is found leads to a decision.
  enforcement: { member_score_min: 0.1 },
}

/** Biased one-token requests that sweep the vocabulary, from an account that is in no campaign. */
function probing(account_id: string): InputEvent[] {
  const params = (i: number) => ({
    max_tokens: 1,
    top_logprobs: 5,
    logit_bias_ids: Array.from({ length: 5 }, (_, k) => 5 * i + k),
  })
  return [
    account({ account_id, at: 0 }),
    ...Array.from({ length: 30 }, (_, i) =>
      request(
        { account_id, at: 1 + i },
        { content: asks('Say a word.'), params: params(i), client: clientOf(account_id, 'p') },
      ),
    ),
  ]
}

const traffic = (more: InputEvent[]) =>
  inOrder([...crowd(), ...campaign({ until: 60 }), ...probing('loner-1'), ...more, tick(90)])

const erasureOf = (account_id: string, at = ERASED_AT) => outcome({ account_id, at }, { outcome: 'erased' })

/** Traffic in which an account is erased and nothing more of it comes, which would begin it anew. */
function erasing(account_id: string): InputEvent[] {
  return traffic([erasureOf(account_id)]).filter(
    (event) => event.account_id !== account_id || String(event.event_time) <= timeAt(ERASED_AT),
  )
}

/** Records of a topic that all tasks together wrote, as they lie on the broker. */
function written(tasks: readonly RecordedTask[], topic: TopicName): RecordedChange[] {
  const outputs = tasks.flatMap(({ steps }) => steps.flatMap((step) => step.outputs))
  return outputs
    .filter((output) => output.topic === topic)
    .map(({ key, value }) => ({ key, bytes: value === null ? null : localType(topic).toBuffer(value) }))
}

/** Keys of what compaction leaves, tombstones gone, that hold a text in key or bytes. */
function keysHolding(text: string, records: readonly RecordedChange[]): string[] {
  return compact(records, 'compacted')
    .filter(({ key, bytes }) => bytes !== null && (key.includes(text) || bytes.includes(text)))
    .map(({ key }) => key)
}

describe.each([
  ['a member of a campaign', 'head-3'],
  ['an account with an alert of its own', 'loner-1'],
])('%s that is erased', (_, account_id) => {
  const erased = recordRun(throughEdge(erasing(account_id)).records, SETTINGS)
  const tasksOf = (name: string) => erased.filter(({ stage }) => stage.name === name)
  const changelogOf = ({ steps }: RecordedTask) => steps.flatMap(({ changes }) => changes)
  const erasureHop = hopOf(Date.parse(timeAt(ERASED_AT)), 60_000) + 1

  test('was known to every stage before', () => {
    for (const name of STAGE_NAMES.filter((stage) => stage !== 'linkage' || account_id.startsWith('head'))) {
      const ever = tasksOf(name).flatMap(changelogOf)
      expect([name, ever.some(({ bytes }) => bytes?.includes(account_id))]).toEqual([name, true])
    }
  })

  test.each(STAGE_NAMES)('is in no changelog and no memory of %s, restored or not', (name) => {
    for (const task of tasksOf(name)) {
      expect(keysHolding(account_id, changelogOf(task))).toEqual([])
      expect(holds(task.processor, account_id)).toBe(false)
      for (const how of COMPACTIONS) expect(holds(restoreAt(task, task.steps.length, how), account_id)).toBe(false)
    }
  })

  test.each(STAGE_NAMES)('leaves %s the same after a restart at any hop around the erasure', (name) => {
    for (const task of tasksOf(name)) {
      const at = task.steps.findIndex(({ input }) => input.hop === erasureHop)
      for (const restart of [-3, -2, -1, 0, 1, 2, 3].map((hops) => at + hops)) {
        for (const how of COMPACTIONS) {
          const hops = differsAfter(task, restart, how)
          expect([restart - at, how, hops]).toEqual([restart - at, how, null])
        }
      }
    }
  })

  test.each(COMPACT_TOPICS)('is not in %s any more', (topic) => {
    expect(keysHolding(account_id, written(erased, topic))).toEqual([])
  })

  test('is accused by no alert any more, nor named as related', () => {
    const { alerts } = runTopology(erasing(account_id), { settings: SETTINGS })
    const naming = alerts.filter(({ accounts, related_accounts }) => holds([accounts, related_accounts], account_id))
    expect(naming.length).toBeGreaterThan(0)
    for (const { accounts, related_accounts } of lastRevisions(alerts)) {
      expect(holds([accounts, related_accounts], account_id)).toBe(false)
    }
  })
})

test('an alert about an erased account alone is withdrawn, one about others goes on', () => {
  const withErasures = (ids: string[]) =>
    lastRevisions(runTopology(traffic(ids.map((id) => erasureOf(id, 61))), { settings: SETTINGS }).alerts)
  const alone = withErasures(['loner-1']).find(({ subject }) => subject.id === 'loner-1')
  expect(alone).toMatchObject({ status: 'withdrawn', accounts: [] })
  const others = withErasures(['head-3']).find(({ subject }) => subject.kind === 'campaign')
  expect(others).toMatchObject({ status: 'updated' })
  expect(others?.accounts).toHaveLength(11)
  const nobody = withErasures(Array.from({ length: 12 }, (_, i) => `head-${i}`))
  expect(nobody.find(({ subject }) => subject.kind === 'campaign')).toMatchObject({ status: 'withdrawn', accounts: [] })
})

test('a request after the erasure begins a new account', () => {
  const events = traffic([erasureOf('loner-1'), request({ account_id: 'loner-1', at: 50 })])
  const { outputs } = runTopology(events, { settings: SETTINGS })
  const fingerprints = outputs.flatMap(({ record }) =>
    record.topic === 'fingerprints' && record.key === 'loner-1' && record.value && 'windows' in record.value
      ? [record.value]
      : [],
  )
  expect(fingerprints.slice(-2)).toMatchObject([
    { status: 'erased', windows: [] },
    { status: null, reason: 'first', context: { requests: 1, org_id: 'loner-1' } },
  ])
})

test('an account that nobody knows is erased without a word', () => {
  const { alerts, counters } = runTopology(traffic([erasureOf('nobody')]), { settings: SETTINGS })
  expect(counters.fingerprints?.erased_accounts).toBe(0)
  expect(alerts.length).toBeGreaterThan(0)
})

test.each([1, 3])('the alerts are the same on %i partitions', (partitions) => {
  const events = traffic([erasureOf('head-3'), erasureOf('loner-1'), erasureOf('crowd-0-7')])
  const lines = runTopology(events, { settings: SETTINGS, partitions }).lines
  expect(lines).toEqual(runTopology(events, { settings: SETTINGS, partitions: 2 }).lines)
})
