import type { TopicName } from '../../schemas/topics.ts'
import type { Codec } from '../avro/codec.ts'
import type { Stage } from '../stream/stage.ts'
import type { HopSettings } from '../stream/topology.ts'
import type { KafkaClient } from './client.ts'
import type { Log } from './log.ts'
import type { CommittedHop } from './task-status.ts'

export interface StageSettings {
  /** Put before every topic name and before the group's. */
  readonly prefix: string
  /** Partitions of the topics that have many. */
  readonly partitions: number
  readonly hops: HopSettings & {
    /** Live: an idle source closes its hops after this silence. 0: never, as in a replay whose end is marked. */
    readonly silence_ms: number
  }
  /** The broker gives our tasks to others when it has not heard from us for so long. @default 30000 */
  readonly sessionTimeout_ms?: number
  /** Makes this process a static member of each group that it is in (KIP-345). @default null, a member like any other */
  readonly groupInstanceId?: string | null
  /** How long brokers may be away before a running stage gives up. @default 300000 */
  readonly outage_max_ms?: number
  /** How long a fetch waits for something new; also what a pause or a stop may take. Less than the session. @default 300 */
  readonly fetchWait_ms?: number
}

export interface StartOptions {
  readonly stage: Stage
  readonly kafka: KafkaClient
  readonly codec: Codec
  readonly settings: StageSettings
  /** Task count of the stage that writes a topic (`writerCount` of lib/stream/topology.ts). */
  readonly writers: (topic: TopicName) => number
  readonly log: Log
  /** Epoch ms. Silence and the times in reports go by it; results never do. */
  readonly now: () => number
  readonly onHop?: (hop: CommittedHop) => void
}
