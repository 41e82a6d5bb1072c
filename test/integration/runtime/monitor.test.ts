import { afterEach, expect, test } from 'vitest'
import { type Monitor, startMonitor } from '../../../lib/monitor/monitor.ts'
import { commitDue_ms } from '../../../lib/stream/lag-state.ts'
import { metricLines, metricValue } from '../../helpers/metrics-text.ts'
import { eventually } from './cluster.ts'
import { barrier, holdRestores, watchCommits } from './faults.ts'
import { committedThrough, finish, Harness, publishRequests, requestsOf } from './harness.ts'
import { stageSettings } from './settings.ts'
import { countingStage, summingStage } from './toy.ts'

const harness = new Harness()
afterEach(() => harness.close())

const DUE_MS = commitDue_ms(stageSettings('', 1, { silence_ms: 200 }).hops)

async function openMonitor(...expected: string[]): Promise<Monitor> {
  const monitor = await startMonitor({ host: '127.0.0.1', port: 0, expected, due_ms: DUE_MS, now: Date.now })
  harness.onClose(() => monitor.close())
  return monitor
}

async function get({ port }: Monitor, path: string): Promise<{ status: number; body: string }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`)
  return { status: response.status, body: await response.text() }
}

test('the pages of a process agree with what its stages say, and tell no account', async () => {
  const cluster = await harness.cluster(2)
  const monitor = await openMonitor('toy-count', 'toy-sum')
  expect((await get(monitor, '/livez')).status).toBe(200)
  const starting = await get(monitor, '/readyz')
  expect(starting.status).toBe(503)
  expect(JSON.parse(starting.body).reasons).toEqual([
    'toy-count has not been started yet',
    'toy-sum has not been started yet',
  ])

  const { onHop } = monitor
  const sum = await harness.start(cluster, summingStage, 2, { onHop })
  const count = await harness.start(cluster, countingStage(), 2, { onHop })
  for (const stage of [sum, count]) monitor.watch(stage)
  const publisher = await harness.publisher(cluster, 2)
  await publishRequests(publisher, requestsOf(1_000, 1_000))
  await finish(publisher, sum, 1_004)
  await committedThrough(sum, 1_005)
  await eventually('ready', async () => (await get(monitor, '/readyz')).status === 200)
  await eventually('nothing left to read', async () => {
    const lines = metricLines((await get(monitor, '/metrics')).body)
    const unread = lines.filter(({ name }) => name === 'hydrawatch_unread_records')
    return unread.length > 0 && unread.every(({ value }) => value === 0)
  })

  const page = await get(monitor, '/metrics')
  const lines = metricLines(page.body)
  for (const stage of [sum, count]) {
    const status = stage.status()
    for (const { task, offsets, hopEnd_ms } of status.tasks) {
      const at = { stage: status.stage, partition: String(task) }
      expect(metricValue(lines, 'hydrawatch_watermark_seconds', at)).toBe((hopEnd_ms ?? 0) / 1_000)
      expect(metricValue(lines, 'hydrawatch_lag_state', { ...at, state: 'ok' })).toBe(1)
      expect(metricValue(lines, 'hydrawatch_task_state', { ...at, state: 'running' })).toBe(1)
      for (const { topic, partition, committed, end } of offsets) {
        if (committed === null || end === null) continue
        const place = { stage: status.stage, topic, partition: String(partition) }
        expect(metricValue(lines, 'hydrawatch_consumer_lag_records', place)).toBe(end - committed)
      }
    }
    for (const { task, hops, records_in } of stage.counters().tasks) {
      const at = { stage: status.stage, partition: String(task) }
      expect(metricValue(lines, 'hydrawatch_hops_total', at)).toBe(hops)
      expect(metricValue(lines, 'hydrawatch_records_in_total', at)).toBe(records_in)
    }
    const transactions = stage.counters().tasks.reduce((total, task) => total + task.transactions, 0)
    const observed = metricValue(lines, 'hydrawatch_transaction_duration_seconds_count', { stage: status.stage })
    expect(observed).toBe(transactions)
  }
  expect(metricValue(lines, 'process_cpu_seconds_total', {})).toBeGreaterThan(0)
  const state = await get(monitor, '/statez')
  expect(JSON.parse(state.body).stages.map(({ stage }: { stage: string }) => stage)).toEqual(['toy-sum', 'toy-count'])
  for (const { body } of [page, state]) expect(body).not.toContain('account-')

  await count.stop()
  const over = await get(monitor, '/livez')
  expect([over.status, JSON.parse(over.body).reasons]).toEqual([503, ['toy-count has stopped or failed']])
  await monitor.close()
  await expect(get(monitor, '/livez')).rejects.toThrow()
})

test('a process that restores is live and not ready, and one that gets nothing done is stalled', async () => {
  const cluster = await harness.cluster(1)
  const monitor = await openMonitor('toy-count')
  const [restoring, stuck] = [barrier(), barrier()]
  const kafka = holdRestores(
    watchCommits(cluster.kafka, () => stuck.passed),
    restoring,
  )
  const count = await harness.start({ ...cluster, kafka }, countingStage(), 1)
  harness.onClose(async () => {
    for (const { open } of [restoring, stuck]) open()
  })
  monitor.watch(count)
  await eventually('a task that restores', async () => {
    const { status, body } = await get(monitor, '/readyz')
    return status === 503 && body.includes('toy-count 0 is restoring')
  })
  expect((await get(monitor, '/livez')).status).toBe(200)
  restoring.open()
  await eventually('ready', async () => (await get(monitor, '/readyz')).status === 200)

  const publisher = await harness.publisher(cluster, 1)
  await publishRequests(publisher, requestsOf(1_000, 1_000))
  await eventually('stalled', async () => {
    const lines = metricLines((await get(monitor, '/metrics')).body)
    return metricValue(lines, 'hydrawatch_lag_state', { stage: 'toy-count', state: 'stalled' }) === 1
  })
  const [task] = JSON.parse((await get(monitor, '/statez')).body).stages[0].tasks
  expect(task).toMatchObject({ state: 'running', lag_state: 'stalled', hop: null, hop_complete: true })
  stuck.open()
  await committedThrough(count, 1_003)
  await eventually('ok', async () => {
    const lines = metricLines((await get(monitor, '/metrics')).body)
    return metricValue(lines, 'hydrawatch_lag_state', { stage: 'toy-count', state: 'ok' }) === 1
  })
})
