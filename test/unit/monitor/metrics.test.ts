import { afterEach, expect, test } from 'vitest'
import { Metrics } from '../../../lib/monitor/metrics.ts'
import { stageView } from '../../../lib/monitor/stage-view.ts'
import { type MetricLine, metricLines, metricValue } from '../../helpers/metrics-text.ts'
import { counters, input, NOW_MS, status, task } from './stages.ts'

let metrics = new Metrics({ withNode: false })
afterEach(() => {
  metrics.close()
  metrics = new Metrics({ withNode: false })
})

const DUE_MS = 105_000
const at = { stage: 'fingerprints', partition: '0' }

async function linesOf(...given: Parameters<typeof stageView>[]): Promise<MetricLine[]> {
  return metricLines(
    await metrics.text(
      given.map((view) => stageView(...view)),
      NOW_MS,
    ),
  )
}

test('the page tells lag, event time and states in the units of their names', async () => {
  const offsets = [input({ end: 25, next: 20 }), input({ topic: 'accounts', role: 'table', end: null })]
  const lines = await linesOf([status({ tasks: [task({ offsets })] }), counters(), NOW_MS, DUE_MS])
  expect(metricValue(lines, 'hydrawatch_consumer_lag_records', { ...at, topic: 'requests' })).toBe(15)
  expect(metricValue(lines, 'hydrawatch_unread_records', { ...at, topic: 'requests' })).toBe(5)
  expect(metricValue(lines, 'hydrawatch_consumer_lag_records', { ...at, topic: 'accounts' })).toBeNull()
  expect(metricValue(lines, 'hydrawatch_event_time_lag_seconds', at)).toBe(90)
  expect(metricValue(lines, 'hydrawatch_watermark_seconds', at)).toBe((NOW_MS - 90_000) / 1_000)
  expect(metricValue(lines, 'hydrawatch_task_state', { ...at, state: 'running' })).toBe(1)
  expect(metricValue(lines, 'hydrawatch_task_state', { ...at, state: 'restoring' })).toBe(0)
  const states = lines.filter(({ name }) => name === 'hydrawatch_lag_state')
  expect(states.reduce((sum, { value }) => sum + value, 0)).toBe(1)
})

test('a restore tells how far it has come, in accounts only where the stage keeps them', async () => {
  const restore = { records: 5, bytes: 500, accounts: 3, remaining: 7 }
  const tasks = [task({ restore }), task({ task: 1, restore: { ...restore, accounts: null } }), task({ task: 2 })]
  const lines = await linesOf([status({ tasks }), counters(), NOW_MS, DUE_MS])
  const told = lines.filter(({ name }) => name.startsWith('hydrawatch_restore_') && !name.endsWith('_total'))
  expect(told.map(({ name, labels, value }) => [name, labels.partition, value])).toEqual([
    ['hydrawatch_restore_remaining_offsets', '0', 7],
    ['hydrawatch_restore_remaining_offsets', '1', 7],
    ['hydrawatch_restore_read_records', '0', 5],
    ['hydrawatch_restore_read_records', '1', 5],
    ['hydrawatch_restore_read_bytes', '0', 500],
    ['hydrawatch_restore_read_bytes', '1', 500],
    ['hydrawatch_restore_accounts', '0', 3],
  ])
})

test('counts go by reason, detector, topic and task', async () => {
  const dead_letter_reasons = new Map([['too_late', 3]])
  const written = new Map([['signals' as const, { records: 4, bytes: 99 }]])
  const processor = { fingerprints: 9, 'logprob-probing_no_hit': 5, 'logprob-probing_hit': 2, signals: 2 }
  const counted = counters({ dead_letter_reasons, written, records_missed: 8, restore_ms: 1_500 }, processor)
  const lines = await linesOf([status({ stage: 'detectors' }), counted, NOW_MS, DUE_MS])
  const here = { stage: 'detectors', partition: '0' }
  expect(metricValue(lines, 'hydrawatch_dead_letters_total', { ...here, reason: 'too_late' })).toBe(3)
  expect(metricValue(lines, 'hydrawatch_records_out_total', { ...here, topic: 'signals' })).toBe(4)
  expect(metricValue(lines, 'hydrawatch_written_bytes_total', { ...here, topic: 'signals' })).toBe(99)
  expect(metricValue(lines, 'hydrawatch_gap_records_total', here)).toBe(8)
  expect(metricValue(lines, 'hydrawatch_restore_seconds_total', here)).toBe(1.5)
  expect(metricValue(lines, 'hydrawatch_processor_count', { ...here, name: 'fingerprints' })).toBe(9)
  const results = lines.filter(({ name }) => name === 'hydrawatch_detector_results_total')
  expect(results.map(({ labels, value }) => [labels.detector, labels.outcome, value])).toEqual([
    ['logprob-probing', 'no_hit', 5],
    ['logprob-probing', 'hit', 2],
  ])
})

test('a task that has left takes its series along, and asking twice counts nothing twice', async () => {
  const counted = counters({ hops: 7 })
  await linesOf([status(), counted, NOW_MS, DUE_MS])
  const again = await linesOf([status(), counted, NOW_MS, DUE_MS])
  expect(metricValue(again, 'hydrawatch_hops_total', at)).toBe(7)
  const left = await linesOf([status({ tasks: [] }), { tasks: [], processor: {} }, NOW_MS, DUE_MS])
  expect(metricValue(left, 'hydrawatch_hops_total', at)).toBeNull()
})

test('hops and transactions are observed in seconds, a transaction of several hops once', async () => {
  const hop = { stage: 'linkage', task: 0, hop: 1, taken_ms: 0, committed_ms: 5, process_ms: 20, transaction_ms: null }
  metrics.observe(hop)
  metrics.observe({ ...hop, hop: 2, transaction_ms: 500 })
  const lines = await linesOf()
  expect(metricValue(lines, 'hydrawatch_hop_process_duration_seconds_count', {})).toBe(2)
  expect(metricValue(lines, 'hydrawatch_hop_process_duration_seconds_sum', {})).toBeCloseTo(0.04)
  expect(metricValue(lines, 'hydrawatch_transaction_duration_seconds_count', {})).toBe(1)
  expect(metricValue(lines, 'hydrawatch_transaction_duration_seconds_sum', {})).toBeCloseTo(0.5)
})

test('what several tasks wait for is told once each, by the number of the task that has to come', async () => {
  const missing = [0, 1].map((partition) => ({ topic: 'links' as const, partition, writer: 2 }))
  const lines = await linesOf([status({ stage: 'campaigns', tasks: [task({ missing })] }), counters(), NOW_MS, DUE_MS])
  const waits = lines.filter(({ name }) => name === 'hydrawatch_waits_for_task')
  expect(waits).toEqual([
    {
      name: 'hydrawatch_waits_for_task',
      labels: { stage: 'campaigns', partition: '0', topic: 'links', upstream: '2' },
      value: 1,
    },
  ])
})
