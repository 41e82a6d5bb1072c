import type { TopicName } from '../../schemas/topics.ts'
import type { Codec } from '../avro/codec.ts'
import type { Stage } from '../stream/stage.ts'
import type { HopSettings } from '../stream/topology.ts'
import type { KafkaClient } from './client.ts'
import type { CommittedOffset } from './committed-offsets.ts'
import type { Log } from './log.ts'
import type { PartitionEnds } from './partition-ends.ts'
import type { SourceGate } from './source-gate.ts'
import type { StageConsumer } from './stage-consumer.ts'
import type { CommittedHop } from './task-status.ts'

/** Which task it is, and what it shares with the others of its stage in this process. */
export interface TaskOptions {
  readonly stage: Stage
  readonly task: number
  readonly groupId: string
  readonly prefix: string
  readonly partitions: number
  readonly hops: HopSettings
  readonly writers: (topic: TopicName) => number
  readonly kafka: KafkaClient
  readonly codec: Codec
  readonly consumer: StageConsumer
  readonly ends: PartitionEnds
  /** For a stage that cuts hops itself. */
  readonly gate: SourceGate | null
  /** How long brokers may be away before the task gives up. */
  readonly outage_max_ms: number
  /** What the group has committed (`committedOffsets` of committed-offsets.ts). */
  readonly committed: (topics: readonly string[]) => Promise<ReadonlyMap<string, CommittedOffset>>
  /** Resolves when the group has confirmed, from now on, that we are a member: what we were told is ours still is. */
  readonly confirmed: () => Promise<void>
  readonly onHop: (hop: CommittedHop) => void
  readonly log: Log
  /** Epoch ms. */
  readonly now: () => number
}
