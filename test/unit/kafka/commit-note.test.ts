import { expect, test } from 'vitest'
import { decodeCommitNote, encodeCommitNote } from '../../../lib/kafka/commit-note.ts'
import { groupOffsets } from '../../../lib/kafka/task-records.ts'

const NOTE = { hop: 29_400_000, event_time_ms: 1_764_000_060_000, committed_ms: 1_764_000_091_000, caught_up: true }

test('a note survives the way through the offsets of a group', () => {
  expect(decodeCommitNote(encodeCommitNote(NOTE))).toEqual(NOTE)
})

test('what is no note of ours is no note', () => {
  const others = [
    null,
    '',
    'x',
    'null',
    '[]',
    '{"hop":1}',
    JSON.stringify({ ...NOTE, hop: '7' }),
    JSON.stringify({ ...NOTE, hop: 0.5 }),
  ]
  for (const metadata of others) expect(decodeCommitNote(metadata), String(metadata)).toBeNull()
})

test('every offset of a commit carries the note of its task', () => {
  const at = (topic: string, partition: number, offset: number) => ({
    topic,
    partition,
    resume_offset: offset,
    end_offset: offset,
    rejected_offset: null,
  })
  const position = { hop: NOTE.hop, inputs: [at('requests', 1, 5), at('accounts', 1, 7), at('requests', 2, 6)] }
  const { topics } = groupOffsets(position, 'p.', NOTE, (_topic, _partition, offset) => offset + 1)
  const metadata = encodeCommitNote(NOTE)
  expect(topics).toEqual([
    {
      topic: 'p.requests',
      partitions: [
        { partition: 1, offset: '6', metadata },
        { partition: 2, offset: '7', metadata },
      ],
    },
    { topic: 'p.accounts', partitions: [{ partition: 1, offset: '8', metadata }] },
  ])
})
