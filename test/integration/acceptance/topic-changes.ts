import kafkajs from 'kafkajs'
import { applyTopics } from '../../../lib/kafka/topics.ts'
import type { TopicName } from '../../../schemas/topics.ts'
import { type Cluster, eventually } from '../runtime/cluster.ts'

/** Removes what stands before `offset` in a partition, as retention would. */
export async function deleteRecords(
  { kafka, prefix }: Cluster,
  name: TopicName,
  partition: number,
  offset: number,
): Promise<void> {
  const topic = prefix + name
  const admin = kafka.admin()
  await admin.connect()
  try {
    // kafkajs deletes in topics that it has met.
    await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] })
  } finally {
    await admin.disconnect()
  }
}

/** Lets a compacted topic expire as well, which no topic of ours may. */
export async function allowDeletion({ kafka, prefix }: Cluster, name: TopicName): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: prefix + name,
          configEntries: [{ name: 'cleanup.policy', value: 'compact,delete' }],
        },
      ],
    })
  } finally {
    await admin.disconnect()
  }
}

/** Deletes a topic and creates it again, empty. */
export async function makeAnew({ kafka, prefix }: Cluster, name: TopicName, partitions: number): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    await admin.deleteTopics({ topics: [prefix + name] })
    // A real broker deletes it some time after its answer.
    await eventually('the topic to be gone', async () => !(await admin.listTopics()).includes(prefix + name))
    await applyTopics(admin, { prefix, partitions, replicationFactor: 1 })
  } finally {
    await admin.disconnect()
  }
}
