import { expect, test } from 'vitest'
import { topicConfig } from '../../../lib/kafka/topics.ts'
import { TOPIC_NAMES, topicDefinition } from '../../../schemas/topics.ts'

test('a topic is kept as its definition says', () => {
  expect(topicConfig(topicDefinition('requests'), 1)).toEqual({
    'cleanup.policy': 'delete',
    'retention.ms': '604800000',
    'message.timestamp.type': 'LogAppendTime',
  })
  expect(topicConfig(topicDefinition('fingerprints.state'), 1)).toMatchObject({
    'cleanup.policy': 'compact',
    'segment.ms': '1800000',
    'min.cleanable.dirty.ratio': '0.1',
    'max.compaction.lag.ms': '3600000',
  })
})

test('with three copies one may be away, with one nothing is asked', () => {
  for (const topic of TOPIC_NAMES) {
    expect(topicConfig(topicDefinition(topic), 3)['min.insync.replicas']).toBe('2')
    expect(topicConfig(topicDefinition(topic), 1)).not.toHaveProperty('min.insync.replicas')
  }
})
