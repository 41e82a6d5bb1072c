import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { pipelineStages, STAGE_NAMES } from '../../consumers/pipeline.ts'
import { localType } from '../../lib/avro/record-types.ts'
import { Driver } from '../../lib/stream/driver.ts'
import type { HopInput, Output, Processor, TaskContext } from '../../lib/stream/processor.ts'
import type { Stage } from '../../lib/stream/stage.ts'
import type { TopicRecord } from '../../producers/intake/edge.ts'
import { createRandom } from '../../producers/sample/random.ts'
import type { Account, OutcomeKind } from '../../schemas/types.ts'
import type { TopicValue } from '../../schemas/values.ts'
import { sketchedSample } from '../fixtures/sample.ts'
import { settingsOf } from '../helpers/topology.ts'

/** One hop of one task: what it read and changed, and a digest of what it wrote and changed. */
interface Step {
  readonly input: HopInput
  readonly changes: readonly { key: string; bytes: Buffer | null }[]
  readonly digest: string
}

interface Recorded {
  readonly stage: Stage
  readonly context: TaskContext
  readonly steps: Step[]
}

// Four hours of the planted campaigns and of a few of the others: hours, because expiry looks once an hour.
const records = sketchedSample({ accounts_share: 0.4, until_hours: 3, probes: 0 }).records

// Everything that expires does so within the slice, and every table is too small.
const HASTY = {
  fingerprints: { account_ttl_days: 0.01, event_id_hops: 7, accounts_max: 220, static_interval_hops: 20 },
  detectors: { 'injected-reasoning-span': { share_min: 0.1 }, 'new-account-at-ceiling': { requests_min: 5 } },
  linkage: {
    span_ttl_days: 0.015,
    prefix_ttl_days: 0.01,
    payment_ttl_days: 0.02,
    client_ttl_days: 0.02,
    holders_max: 40,
  },
  campaigns: { revision_interval_hops: 5, signal_ttl_hops: 15, beyond_share_min: 0.05, outcome_ttl_days: 0.02 },
  enforcement: { verify_hours: 0.1, actions_per_hour_max: 12, actions_per_alert_hour_max: 8, member_score_min: 0.1 },
}

describe.each([
  ['the default settings', {}],
  ['settings under which everything expires', HASTY],
])('with %s', (_, settings) => {
  const tasks = recordRun(withInterventions(records), settings)

  test('the run exercises every stage', () => {
    for (const name of STAGE_NAMES) {
      const own = tasks.filter(({ stage }) => stage.name === name)
      expect(
        own.flatMap(({ steps }) => steps.filter(({ changes }) => changes.length > 0)).length,
        name,
      ).toBeGreaterThan(1)
    }
  })

  describe.each(STAGE_NAMES)('%s, restored from its changelog', (name) => {
    test.each(['uncompacted', 'compacted', 'partly compacted'] as const)(
      '%s, goes on as if nothing had happened',
      (how) => {
        for (const { stage, context, steps } of tasks.filter((task) => task.stage.name === name)) {
          for (const part of [0.15, 0.4, 0.7, 0.9]) {
            const at = Math.floor(steps.length * part)
            const processor = stage.create(context)
            const changelog = steps.slice(0, at).flatMap(({ changes }) => changes)
            for (const { key, bytes } of compact(changelog, how))
              processor.restore({ key, value: decode(stage, bytes) })
            processor.restored()
            for (const [index, step] of steps.slice(at).entries()) {
              const { digest } = runStep(stage, processor, step.input)
              if (digest === step.digest) continue
              expect.fail(`${name}, task ${context.task}: another result ${index} hops after a restart at hop ${at}`)
            }
          }
        }
      },
    )
  })
})

/** Runs the pipeline on two partitions and keeps what every task read, wrote and changed. */
function recordRun(traffic: readonly TopicRecord[], input: Record<string, unknown>): Recorded[] {
  const settings = settingsOf(input)
  const tasks: Recorded[] = []
  const stages = pipelineStages(settings, 'hash')
  const recording = stages.map((stage) => ({
    ...stage,
    create(context: TaskContext): Processor {
      const processor = stage.create(context)
      const task: Recorded = { stage, context, steps: [] }
      tasks.push(task)
      return {
        process(hop) {
          const outputs = processor.process(hop)
          task.steps.push(stepOf(stage, processor, hop, outputs))
          return outputs
        },
        drainChanges: () => [],
        restore: (entry) => processor.restore(entry),
        restored: () => processor.restored(),
        counters: () => processor.counters(),
      }
    },
  }))
  const driver = new Driver({ stages: recording, partitions: 2, hops: settings.hops })
  for (const { topic, key, value } of traffic) driver.pipe(topic, key, value)
  driver.finish()
  return tasks
}

function runStep(stage: Stage, processor: Processor, input: HopInput): Step {
  return stepOf(stage, processor, input, processor.process(input))
}

/** Values as their codec writes them, so that equal digests are equal bytes. */
function stepOf(stage: Stage, processor: Processor, input: HopInput, outputs: readonly Output[]): Step {
  const digest = createHash('sha256')
  const changes = processor.drainChanges().map(({ key, value }) => {
    const bytes = value === null ? null : localType(stage.changelog).toBuffer(value)
    digest.update(`\n${key} ${bytes === null}`).update(bytes ?? '')
    return { key, bytes }
  })
  for (const { topic, key, partition, value } of outputs) {
    digest.update(`\n${topic} ${key} ${partition} `).update(value === null ? '' : localType(topic).toBuffer(value))
  }
  return { input, changes, digest: digest.digest('hex') }
}

function decode(stage: Stage, bytes: Buffer | null): TopicValue | null {
  return bytes === null ? null : localType(stage.changelog).fromBuffer(bytes)
}

/** Drops entries that a later one of the same key follows: none, all, or some. */
function compact<Entry extends { key: string }>(entries: readonly Entry[], how: string): Entry[] {
  if (how === 'uncompacted') return [...entries]
  const random = createRandom('compaction')
  const last = new Map(entries.map(({ key }, index) => [key, index]))
  return entries.filter(({ key }, index) => last.get(key) === index || (how !== 'compacted' && random.chance(0.5)))
}

/** Adds what the sample lacks: verdicts, changed account records and contracts on some of its accounts. */
function withInterventions(traffic: readonly TopicRecord[]): TopicRecord[] {
  const kinds: OutcomeKind[] = ['cleared', 'banned', 'verified', 'erased', 'appeal_overturned']
  const facts = new Map<string, Account>()
  return traffic.flatMap((record, index) => {
    if (record.topic === 'accounts') facts.set(record.key, record.value)
    const { account_id, event_time_ms } = { account_id: record.key, event_time_ms: timeOf(record) }
    const known = facts.get(account_id)
    if (index % 97 === 0) {
      const outcome = kinds[(index / 97) % kinds.length] ?? 'cleared'
      const value = { event_id: null, event_time_ms, account_id, outcome, alert_id: null, reason_code: null }
      return [record, { topic: 'outcomes' as const, key: account_id, value }]
    }
    if (index % 101 === 0 && known) {
      const contract_flags = index % 2 === 0 ? ['authorised_distillation'] : []
      const value = { ...known, event_time_ms, plan: 'team', contract_flags }
      return [record, { topic: 'accounts' as const, key: account_id, value }]
    }
    return [record]
  })
}

function timeOf({ value }: TopicRecord): number {
  return 'end_time_ms' in value ? value.end_time_ms : value.event_time_ms
}
