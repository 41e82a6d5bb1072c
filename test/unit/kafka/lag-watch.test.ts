import { expect, test } from 'vitest'
import { lagRows, lagWarnings, restoreColumns } from '../../../lib/cli/lag-rows.ts'
import { TaskHolders } from '../../../lib/cli/task-holders.ts'
import type { CommitNote } from '../../../lib/kafka/commit-note.ts'
import type { PartitionLag, TaskLook } from '../../../lib/kafka/lag.ts'
import { LagWatch, type TaskLag } from '../../../lib/kafka/lag-watch.ts'
import { countingStage, HOP_MS, summingStage } from '../../integration/runtime/toy.ts'

const PARTITIONS = 3
const START_MS = 1_000_000
const HOPS = { length_ms: HOP_MS, bound_ms: 500, silence_ms: 200, ahead_hops: 3 }
const DUE_MS = 1_700

function watch(): LagWatch {
  return new LagWatch({ stages: [countingStage(), summingStage], partitions: PARTITIONS, hops: HOPS })
}

function noteAt(hop: number, given: Partial<CommitNote> = {}): CommitNote {
  return { hop, event_time_ms: (hop + 1) * HOP_MS, committed_ms: START_MS, caught_up: true, ...given }
}

function place(
  topic: 'requests' | 'accounts' | 'outcomes',
  partition: number,
  committed: number | null,
  end: number,
): PartitionLag {
  const role = topic === 'requests' ? 'source' : topic === 'accounts' ? 'table' : 'hops'
  return { topic, partition, role, committed, end, lag: end - (committed ?? 0), gap: 0 }
}

/** A counting task: what it has closed and read, and what there is. */
function count(
  task: number,
  note: CommitNote | null,
  committed: number | null,
  end: number,
  isHeld: boolean | null = true,
): TaskLook {
  const inputs = [place('requests', task, committed, end), place('accounts', task, null, 9)]
  return { stage: 'toy-count', groupId: 'g', task, isHeld, note, inputs }
}

function sum(note: CommitNote | null, isHeld: boolean | null = true): TaskLook {
  const inputs = [0, 1, 2].map((partition) => place('outcomes', partition, 0, 10))
  return { stage: 'toy-sum', groupId: 's', task: 0, isHeld, note, inputs }
}

function brief({ stage, task, state, waitsFor, blind_ms }: TaskLag) {
  const waits = waitsFor.map(({ topic, partition, writer }) => `${topic}/${partition} ${writer ?? '-'}`)
  return { task: `${stage} ${task}`, state, waits, blind_ms }
}

test('a stage whose writer is silent waits for it by name, and the writer is what is wrong', () => {
  const tasks = [
    count(0, noteAt(12), 50, 50),
    count(1, noteAt(9, { committed_ms: START_MS - 60_000 }), 20, 90, false),
    count(2, noteAt(12), 50, 70),
    sum(noteAt(9)),
  ]
  expect(
    watch()
      .look(tasks, START_MS + 100)
      .map(brief),
  ).toEqual([
    { task: 'toy-count 0', state: 'ok', waits: ['requests/1 -'], blind_ms: null },
    { task: 'toy-count 1', state: 'stopped', waits: [], blind_ms: 60_100 },
    { task: 'toy-count 2', state: 'ok', waits: ['requests/1 -'], blind_ms: null },
    { task: 'toy-sum 0', state: 'ok', waits: ['outcomes/0 1', 'outcomes/1 1', 'outcomes/2 1'], blind_ms: null },
  ])
})

test('an idle partition is ok, and one that does not follow the others is not idle', () => {
  const idle = [count(0, noteAt(12), 5, 5), count(1, noteAt(12), 0, 0), count(2, noteAt(12), 5, 5)]
  expect(
    watch()
      .look(idle, START_MS + 1e9)
      .map(({ state }) => state),
  ).toEqual(['ok', 'ok', 'ok'])
  const dead = [count(0, noteAt(12), 5, 5), count(1, noteAt(11), 0, 0, false), count(2, noteAt(12), 5, 5)]
  expect(
    watch()
      .look(dead, START_MS)
      .map(({ state }) => state),
  ).toEqual(['ok', 'stopped', 'ok'])
})

test('one look does not tell a slow task from a stuck one, several do', () => {
  const lagging = watch()
  const states = [0, 1, 2].map((round) => {
    const committed_ms = START_MS + round * 1_000
    const note = noteAt(10 + round, { committed_ms, caught_up: false })
    return lagging.look([count(0, note, 10 * (round + 1), 100 + 30 * round)], committed_ms + 10)[0]?.state
  })
  expect(states).toEqual(['unknown', 'unknown', 'lagging'])
  const stuck = watch()
  const task = count(0, noteAt(10, { caught_up: false }), 10, 100)
  const seen = [0, DUE_MS, DUE_MS + 1].map((later_ms) => stuck.look([task], START_MS + 5_000 + later_ms)[0]?.state)
  expect(seen).toEqual(['unknown', 'unknown', 'stalled'])
})

test('offsets that somebody sets back are a rewind', () => {
  const rewound = watch()
  expect(rewound.look([count(0, noteAt(10), 90, 100)], START_MS)[0]?.state).toBe('ok')
  expect(rewound.look([count(0, null, 10, 100)], START_MS + 10)[0]?.state).toBe('rewound')
})

test('a group that is dealing its tasks anew has not lost them', () => {
  const tasks = [count(0, noteAt(10), 90, 100, null), count(1, noteAt(10), 90, 100, false)]
  expect(
    watch()
      .look(tasks, START_MS)
      .map(({ state }) => state),
  ).toEqual(['ok', 'stopped'])
})

test('event time is told against the newest source and against the clock, whatever the clocks of others say', () => {
  const tasks = [count(0, noteAt(12), 50, 50), count(1, noteAt(9), 20, 90), sum(null)]
  const looks = watch().look(tasks, 20 * HOP_MS)
  expect(looks.map(({ eventTimeLag_ms, age_ms }) => [eventTimeLag_ms, age_ms])).toEqual([
    [0, 7 * HOP_MS],
    [3 * HOP_MS, 10 * HOP_MS],
    [null, null],
  ])
  expect(watch().look(tasks, 0)[0]?.age_ms).toBe(0)
})

test('what must not be overlooked is said in sentences', () => {
  const gap = count(2, noteAt(12), 50, 70)
  const tasks = [
    count(0, noteAt(12), 50, 50),
    count(1, noteAt(9, { committed_ms: START_MS - 42_000 }), 20, 90, false),
    { ...gap, inputs: gap.inputs.map((input) => (input.role === 'source' ? { ...input, gap: 7 } : input)) },
    sum(noteAt(9)),
  ]
  const looks = watch().look(tasks, START_MS)
  expect(lagWarnings(looks)).toEqual([
    'blind for 42 s on partition 1: others wait for toy-count 1, and no process holds it',
    'gap of 7 records: toy-count 2 had not read them when retention deleted them from requests 2',
    'no process holds toy-count 1',
  ])
  const rows = lagRows(looks, START_MS)
  expect(rows.filter(({ topic }) => topic === 'outcomes').map(({ waits_for }) => waits_for)).toEqual([[1], [1], [1]])
  expect(rows.find(({ task, topic }) => task === 0 && topic === 'requests')?.waits_for).toEqual([1])
  expect(rows.find(({ task, topic }) => task === 0 && topic === 'accounts')?.waits_for).toEqual([])
})

test('what a process says of its restores stands beside what the broker says of the same tasks', () => {
  const looks = watch().look(
    [count(0, noteAt(12), 50, 50), count(1, noteAt(9, { committed_ms: START_MS - 42_000 }), 20, 90), sum(noteAt(9))],
    START_MS,
  )
  const { groupId } = looks[1] ?? { groupId: '' }
  const restore = { records: 31, bytes: 41_500, accounts: null, remaining: 35 }
  const holders = new TaskHolders([
    { process: 'toy-1:9464', tasks: [{ groupId, task: 1, state: 'restoring', restore }], problem: null },
  ])
  expect(lagWarnings(looks, holders)).toEqual([
    'blind for 42 s on partition 1: others wait for toy-count 1, and it is restoring',
  ])
  const rows = lagRows(looks, START_MS, holders).filter(({ topic }) => topic === 'requests')
  expect(rows).toMatchObject([
    { task: 0, process: null, task_state: null, restore: null },
    { task: 1, process: 'toy-1:9464', task_state: 'restoring', restore },
  ])
  const last = restoreColumns(holders).at(-1)
  expect([last?.title, ...rows.map((row) => last?.value(row))]).toEqual([
    'restore',
    'unknown',
    '42 kB, 35 offsets to go',
  ])
})
