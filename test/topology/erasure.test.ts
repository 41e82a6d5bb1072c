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
  inOrder([...crowd(), ...campaign({ until: 60 }), partner('head-5'), ...probing('loner-1'), ...more, tick(90)])

/** The record of a member of the campaign whose contract allows what it does: linked, and not accused. */
function partner(account_id: string): InputEvent {
  return account(
    { account_id, at: 0.01 },
    { payment_fingerprint: 'card-of-head-1', contract_flags: ['authorised_distillation'] },
  )
}

const erasureOf = (account_id: string, at = ERASED_AT) => outcome({ account_id, at }, { outcome: 'erased' })

/** Traffic in which an account is erased and nothing more of it comes, which would begin it anew. */
function erasing(account_id: string): InputEvent[] {
  const verdict = outcome({ account_id, at: ERASED_AT - 10 }, { outcome: 'throttled' })
  return traffic([verdict, erasureOf(account_id)]).filter(
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
  ['a member of a campaign', 'head-3', STAGE_NAMES],
  ['an account that is linked and not accused', 'head-5', ['fingerprints', 'linkage', 'campaigns']],
  ['an account with an alert of its own', 'loner-1', ['fingerprints', 'detectors', 'campaigns', 'enforcement']],
])('%s that is erased', (_, account_id, knownTo) => {
  const erased = recordRun(throughEdge(erasing(account_id)).records, SETTINGS)
  const tasksOf = (name: string) => erased.filter(({ stage }) => stage.name === name)
  const changelogOf = ({ steps }: RecordedTask) => steps.flatMap(({ changes }) => changes)
  const erasureHop = hopOf(Date.parse(timeAt(ERASED_AT)), 60_000) + 1

  test('was known to stages before', () => {
    for (const name of knownTo) {
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
  expect(others?.accounts).toHaveLength(10)
  expect(others?.related_accounts).toHaveLength(1)
  const linked = withErasures(['head-5']).find(({ subject }) => subject.kind === 'campaign')
  expect(linked).toMatchObject({ status: 'updated', related_accounts: [] })
  expect(linked?.accounts).toHaveLength(11)
  const nobody = withErasures(Array.from({ length: 12 }, (_, i) => `head-${i}`))
  expect(nobody.find(({ subject }) => subject.kind === 'campaign')).toMatchObject({ status: 'withdrawn', accounts: [] })
})

test('an account that left a campaign without a word is named no more once it is erased', () => {
  const end = 240
  const fleeting = { span_ttl_days: 0.02, prefix_ttl_days: 0.02, payment_ttl_days: 0.02, client_ttl_days: 0.02 }
  const facts = campaign({ until: end }).filter(
    ({ account_id, event_time }) => account_id !== 'head-5' || String(event_time) < timeAt(15),
  )
  const events = [...crowd(), ...facts, partner('head-5')]
  const run = (more: InputEvent[]) => {
    const settings = {
      ...SETTINGS,
      linkage: fleeting,
      fingerprints: { static_interval_minutes: 10, span_interval_minutes: 10 },
    }
    const { alerts, outputs } = runTopology(inOrder([...events, ...more, tick(end)]), { settings })
    const records = outputs.flatMap(({ record }) => (record.topic === 'campaigns' ? [record.value] : []))
    return { named: holds(lastRevisions(alerts), 'head-5'), isMember: holds(records.at(-1), 'head-5') }
  }
  expect(run([])).toEqual({ named: true, isMember: false })
  expect(run([erasureOf('head-5', end - 10)])).toEqual({ named: false, isMember: false })
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
