import kafkajs from 'kafkajs'

const defaultPartitioner = kafkajs.Partitioners.DefaultPartitioner()

/** The partition of a key among `partitions`, the same that every producer with Kafka's default partitioner (murmur2) chooses. */
export function keyPartition(key: string | Buffer, partitions: number): number {
  if (partitions === 1) return 0
  // It looks at the number of partitions alone when there is a key.
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({ ...NO_REPLICAS, partitionId }))
  return defaultPartitioner({ topic: '', partitionMetadata, message: { key, value: null } })
}

const NO_REPLICAS = { partitionErrorCode: 0, leader: 0, replicas: [], isr: [] }
