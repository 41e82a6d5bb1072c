import type { Consumer } from 'kafkajs'
import { isSource } from '../stream/topology.ts'
import { taskAssigner } from './assigner.ts'
import type { StartOptions } from './stage-options.ts'
import type { StageTimes } from './stage-times.ts'

const REBALANCE_TIMEOUT_MS = 45_000
// kafkajs decodes a whole fetch before anything else runs: 10 MB of requests took half a second of CPU, 4 MB a quarter.
const FETCH_BYTES_MAX = 4 << 20
// Not below the largest batch that a topic takes by default: one larger than this is only read when it comes first.
const PARTITION_BYTES_MAX = 1 << 20

/** Group of a stage. */
export function groupIdOf(stage: string, prefix: string): string {
  return `${prefix}hydrawatch.${stage}`
}

/** Makes a member of a stage's group, not connected. `held`: the tasks it has, which the group leaves it where it can. */
export function createMember(
  { stage, kafka, settings: { prefix, partitions } }: StartOptions,
  { sessionTimeout_ms, heartbeat_ms, fetchWait_ms }: StageTimes,
  { held, mayRejoin }: { readonly held: () => number[]; readonly mayRejoin: (error: Error) => boolean },
): Consumer {
  return kafka.consumer(
    {
      groupId: groupIdOf(stage.name, prefix),
      partitionAssigners: [
        taskAssigner({ stage, prefix, partitions, broadcast: isSource(stage) ? 'hops' : null, held }),
      ],
      sessionTimeout: sessionTimeout_ms,
      heartbeatInterval: heartbeat_ms,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      maxWaitTimeInMs: fetchWait_ms,
      minBytes: 1,
      maxBytesPerPartition: PARTITION_BYTES_MAX,
      maxBytes: FETCH_BYTES_MAX,
      allowAutoTopicCreation: false,
      readUncommitted: false,
    },
    mayRejoin,
  )
}
