import { topicDefinition } from '../../schemas/topics.ts'
import type { Stage } from '../stream/stage.ts'
import { partitionCount } from '../stream/topology.ts'
import type { KafkaClient } from './client.ts'
import { groupIdOf } from './stage-runtime.ts'
import { fetchTopicEnds } from './topic-ends.ts'

/** How far one stage is behind in one partition of an input. */
export interface PartitionLag {
  readonly stage: string
  readonly group: string
  /** Name on the broker. */
  readonly topic: string
  readonly partition: number
  /** Offset that a restart would read on from; null when the group has committed none. */
  readonly committed: number | null
  /** Offset after the last record that can be read. */
  readonly end: number
  /**
   * Offsets between the two. Never quite zero while traffic flows: records of the hop that is open are read and not
   * committed, and each transaction ends in a marker that takes an offset and is no record.
   */
  readonly lag: number
}

export interface LagOptions {
  readonly kafka: KafkaClient
  readonly prefix: string
  readonly partitions: number
  readonly stages: readonly Stage[]
}

/** Offset lag of every stage on every partition of its inputs. Rejects with BrokerUnavailable. */
export async function readLag({ kafka, prefix, partitions, stages }: LagOptions): Promise<PartitionLag[]> {
  const admin = kafka.admin()
  return kafka.reach('reading lag', async () => {
    await admin.connect()
    try {
      const rows: PartitionLag[] = []
      for (const stage of stages) {
        const group = groupIdOf(stage.name, prefix)
        const inputs = stage.inputs.filter(({ topic }) => topicDefinition(topic).readers.includes(stage.name))
        const committed = await admin.fetchOffsets({
          groupId: group,
          topics: inputs.map(({ topic }) => prefix + topic),
        })
        for (const { topic } of inputs) {
          const name = prefix + topic
          const ends = await fetchTopicEnds(admin, name)
          const offsets = committed.find((entry) => entry.topic === name)?.partitions ?? []
          for (let partition = 0; partition < partitionCount(topic, partitions); partition++) {
            const { low, high } = ends.get(partition) ?? { low: 0, high: 0 }
            const offset = Number(offsets.find((entry) => entry.partition === partition)?.offset ?? -1)
            const from = offset < 0 ? low : Math.max(offset, low)
            rows.push({
              stage: stage.name,
              group,
              topic: name,
              partition,
              committed: offset < 0 ? null : offset,
              end: high,
              lag: Math.max(0, high - from),
            })
          }
        }
      }
      return rows
    } finally {
      await admin.disconnect()
    }
  })
}
