import { expect, test } from 'vitest'
import { checkStage, readTopics, writtenPartitions, writtenTopics } from '../../../lib/kafka/stage-topics.ts'
import type { Stage } from '../../../lib/stream/stage.ts'

const stage: Stage = {
  name: 'toy',
  scope: 'partitioned',
  inputs: [{ topic: 'requests', role: 'source', partitions: 'own' }],
  outputs: [{ topic: 'fingerprints', partitions: 'own', closesHops: true }],
  changelog: 'fingerprints.state',
  create: () => {
    throw new Error('not here')
  },
}

test('a stage that cuts hops also reads and writes the cuts of all sources', () => {
  expect(readTopics(stage)).toEqual(['requests', 'fingerprints.state', 'hops'])
  expect(writtenTopics(stage)).toEqual(['fingerprints', 'fingerprints.state', 'dead-letters', 'hops'])
  const later: Stage = {
    ...stage,
    inputs: [{ topic: 'fingerprints', role: 'hops', partitions: 'own', writers: 'same' }],
  }
  expect(readTopics(later)).toEqual(['fingerprints', 'fingerprints.state'])
})

test('a task writes its own partition of what is partitioned as its input, and may write any of the rest', () => {
  const wide: Stage = {
    ...stage,
    outputs: [...stage.outputs, { topic: 'outcomes', partitions: 'all', closesHops: true }],
  }
  expect(writtenPartitions(wide, 2, 3)).toEqual([
    { topic: 'fingerprints', partitions: [2] },
    { topic: 'outcomes', partitions: [0, 1, 2] },
    { topic: 'fingerprints.state', partitions: [2] },
    { topic: 'dead-letters', partitions: [0] },
    { topic: 'hops', partitions: [0] },
  ])
})

test('a stage whose tasks would share a partition, or have none, is refused', () => {
  checkStage(stage, 4)
  expect(() => checkStage({ ...stage, changelog: 'campaigns.state' }, 4)).toThrow(
    'toy has 4 tasks, but campaigns.state has 1 partitions',
  )
  const shared: Stage = { ...stage, inputs: [{ topic: 'outcomes', role: 'table', partitions: 'all' }] }
  expect(() => checkStage(shared, 4)).toThrow('toy has 4 tasks that would share outcomes')
  checkStage({ ...shared, scope: 'global', changelog: 'campaigns.state' }, 4)
})
