import { expect, test } from 'vitest'
import type { TaskStatus } from '../../../lib/kafka/task-status.ts'
import { stageView } from '../../../lib/monitor/stage-view.ts'
import { statePage } from '../../../lib/monitor/state-page.ts'
import { counters, HOP_MS, input, NOW_MS, status, task } from './stages.ts'

const DUE_MS = 105_000
const SILENT = [0, 1, 2].map((index) => ({
  committed_ms: NOW_MS - 10 * HOP_MS + index * 1_000,
  hop: 98 + index,
  offset: 8 + index,
  lag: 5,
  isCaughtUp: false,
}))

function viewOf(given: Partial<TaskStatus>) {
  const view = stageView(status({ tasks: [task(given)] }), counters(), NOW_MS, DUE_MS).tasks[0]
  if (!view) throw new Error('no task')
  return view
}

test('a source that has read all there is has nothing to do, however long it has been silent', () => {
  expect(viewOf({ marks: SILENT }).lagState).toBe('ok')
})

test('a source with records that it does not read is stalled', () => {
  expect(viewOf({ marks: SILENT, offsets: [input({ end: 20 })] })).toMatchObject({
    lagState: 'stalled',
    inputs: [{ lag: 10, unread: 10 }],
  })
})

test('a task whose hop is complete and is not closed is stalled', () => {
  expect(viewOf({ marks: SILENT, isReady: true, missing: [] }).lagState).toBe('stalled')
})

test('a source that waits for another source is ok, whatever has piled up', () => {
  const missing = [{ topic: 'requests' as const, partition: 3, writer: null }]
  expect(viewOf({ marks: SILENT, missing, offsets: [input({ end: 20 })] }).lagState).toBe('ok')
})

test('a task that waits for a writer is ok, and stalled when what it waits for is there and is not read', () => {
  const missing = [{ topic: 'sightings' as const, partition: 0, writer: 2 }]
  const read = input({ topic: 'sightings', role: 'hops' })
  expect(viewOf({ marks: SILENT, missing, offsets: [read] }).lagState).toBe('ok')
  expect(viewOf({ marks: SILENT, missing, offsets: [{ ...read, end: 12 }] }).lagState).toBe('stalled')
})

test('a task that does not run is unknown at first, and stalled when that lasts', () => {
  const restoring = { state: 'restoring' as const, missing: [], hop: null, hopEnd_ms: null }
  expect(viewOf({ ...restoring, since_ms: NOW_MS - 1_000 }).lagState).toBe('unknown')
  expect(viewOf({ ...restoring, since_ms: NOW_MS - DUE_MS - 1 }).lagState).toBe('stalled')
})

test('what is not known is not counted as nothing', () => {
  const view = viewOf({ hop: null, hopEnd_ms: null, offsets: [input({ end: null, committed: null })] })
  expect(view).toMatchObject({ eventTimeLag_ms: null, lastCommit_ms: null, inputs: [{ lag: null, unread: null }] })
})

test('the state page tells each task with its inputs, its restore and what it waits for', () => {
  const restore = { records: 5, bytes: 500, accounts: 3, remaining: 7 }
  const view = stageView(status({ tasks: [task({ restore, marks: SILENT })] }), counters(), NOW_MS, DUE_MS)
  expect(statePage([view], NOW_MS)).toMatchObject({
    now: '2025-11-24T16:01:40.000Z',
    stages: [
      {
        stage: 'fingerprints',
        group_id: 'hydrawatch.fingerprints',
        generation: 1,
        last_heard_ms: 0,
        brokers_away: false,
        over: false,
        tasks: [
          {
            task: 0,
            state: 'running',
            lag_state: 'ok',
            hop: 100,
            event_time: '2025-11-24T16:00:10.000Z',
            event_time_lag_ms: 90_000,
            last_commit_ms: 10 * HOP_MS - 2_000,
            restore,
            buffered_records: 0,
            hop_complete: false,
            waits_for: [{ topic: 'requests', partition: 0, writer: null }],
            inputs: [
              { topic: 'requests', partition: 0, role: 'source', next: 10, committed: 10, end: 10, lag: 0, unread: 0 },
            ],
          },
        ],
      },
    ],
  })
})
