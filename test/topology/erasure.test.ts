import { describe, expect, test } from 'vitest'
import { pipelineStages, STAGE_NAMES } from '../../consumers/pipeline.ts'
import { localType } from '../../lib/avro/record-types.ts'
import { Driver } from '../../lib/stream/driver.ts'
import type { ChangelogEntry, Processor, TaskContext } from '../../lib/stream/processor.ts'
import type { OutputRecord } from '../../lib/stream/record.ts'
import type { Stage } from '../../lib/stream/stage.ts'
import { TOPIC_NAMES, topicDefinition } from '../../schemas/topics.ts'
import { campaign, crowd } from '../helpers/campaigns.ts'
import { holds } from '../helpers/holds.ts'
import { lastRevisions, runTopology, settingsOf, throughEdge } from '../helpers/topology.ts'
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

interface Kept {
  readonly stage: Stage
  readonly processor: Processor
  readonly changelog: ChangelogEntry[]
}

/** Runs the pipeline and keeps the processors with all that they ever wrote to their changelogs. */
function run(events: InputEvent[], partitions = 2) {
  const settings = settingsOf(SETTINGS)
  const tasks: Kept[] = []
  const outputs: OutputRecord[] = []
  const stages = pipelineStages(settings, 'hash').map((stage) => ({
    ...stage,
    create(context: TaskContext): Processor {
      const processor = stage.create(context)
      const changelog: ChangelogEntry[] = []
      tasks.push({ stage, processor, changelog })
      return {
        process: (hop) => processor.process(hop),
        drainChanges() {
          const entries = processor.drainChanges()
          changelog.push(...entries)
          return entries
        },
        restore: (entry) => processor.restore(entry),
        restored: () => processor.restored(),
        counters: () => processor.counters(),
      }
    },
  }))
  const driver = new Driver({
    stages,
    partitions,
    hops: settings.hops,
    onOutput: (_stage, record) => outputs.push(record),
  })
  for (const { topic, key, value } of throughEdge(events).records) driver.pipe(topic, key, value)
  driver.finish()
  return { tasks, outputs }
}

/** What compaction leaves: the last entry of each key, tombstones gone. */
function compacted<Entry extends { readonly key: string; readonly value: object | null }>(
  entries: readonly Entry[],
): Entry[] {
  return [...new Map(entries.map((entry) => [entry.key, entry])).values()].filter(({ value }) => value !== null)
}

describe.each([
  ['a member of a campaign', 'head-3'],
  ['an account with an alert of its own', 'loner-1'],
])('%s that is erased', (_, account_id) => {
  const sound = run(traffic([]))
  const erased = run(erasing(account_id))

  test('was known to every stage before', () => {
    for (const name of STAGE_NAMES.filter((stage) => stage !== 'linkage' || account_id.startsWith('head'))) {
      const own = sound.tasks.filter(({ stage }) => stage.name === name)
      expect([name, own.some(({ changelog }) => holds(changelog, account_id))]).toEqual([name, true])
    }
  })

  test.each(STAGE_NAMES)('is in no state, changelog or memory of %s', (name) => {
    for (const { stage, processor, changelog } of erased.tasks.filter((task) => task.stage.name === name)) {
      const left = compacted(changelog)
      expect(left.filter((entry) => holds(entry, account_id)).map(({ key }) => key)).toEqual([])
      expect(holds(processor, account_id)).toBe(false)
      const restored = stage.create({ task: 0, partitions: 2, hop_ms: 60_000 })
      for (const { key, value } of changelog) {
        const bytes = value === null ? null : localType(stage.changelog).toBuffer(value)
        restored.restore({ key, value: bytes === null ? null : localType(stage.changelog).fromBuffer(bytes) })
      }
      restored.restored()
      expect(holds(restored, account_id)).toBe(false)
    }
  })

  test('is in no compacted topic', () => {
    for (const topic of TOPIC_NAMES.filter((name) => topicDefinition(name).cleanup === 'compact')) {
      const left = compacted(erased.outputs.filter((record) => record.topic === topic))
      expect([topic, left.some((record) => holds(record, account_id))]).toEqual([topic, false])
    }
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
