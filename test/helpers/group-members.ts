import { STAGE_NAMES } from '../../consumers/pipeline.ts'
import { groupIdOf } from '../../lib/kafka/stage-group.ts'
import { kafkaClient } from './kafka-client.ts'

/** Members of each stage's group, in the order of the stages. */
export async function groupMembers(brokers: string[], prefix: string, stages: readonly string[] = STAGE_NAMES) {
  const admin = kafkaClient(brokers).admin()
  await admin.connect()
  try {
    const { groups } = await admin.describeGroups(stages.map((stage) => groupIdOf(stage, prefix)))
    return groups.map(({ members }) => members.length)
  } finally {
    await admin.disconnect()
  }
}
