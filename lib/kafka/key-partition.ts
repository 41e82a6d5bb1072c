import kafkajs, { type PartitionMetadata } from 'kafkajs'

const defaultPartitioner = kafkajs.Partitioners.DefaultPartitioner()

/** The partition of a key among `partitions`, the same that every producer with Kafka's default partitioner (murmur2) chooses. */
export function keyPartition(key: string | Buffer, partitions: number): number {
  if (partitions === 1) return 0
  return defaultPartitioner({ topic: '', partitionMetadata: metadataOf(partitions), message: { key, value: null } })
}

/** The partitioner looks at the number of partitions alone when there is a key; made once, for it is asked for each record. */
function metadataOf(partitions: number): PartitionMetadata[] {
  const known = metadataByCount.get(partitions)
  if (known) return known
  const metadata = Array.from({ length: partitions }, (_, partitionId) => ({ ...NO_REPLICAS, partitionId }))
  metadataByCount.set(partitions, metadata)
  return metadata
}

const metadataByCount = new Map<number, PartitionMetadata[]>()
const NO_REPLICAS = { partitionErrorCode: 0, leader: 0, replicas: [], isr: [] }
