import kafkajs, { type Consumer, type PartitionAssigner } from 'kafkajs'
import { isSource } from '../stream/topology.ts'
import { isWhole, taskAssigner } from './assigner.ts'
import { asStaticMember } from './kafkajs-static-member.ts'
import { type Deal, decodeDeal } from './member-data.ts'
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
  options: StartOptions,
  { sessionTimeout_ms, heartbeat_ms, fetchWait_ms }: StageTimes,
  { held, mayRejoin }: { readonly held: () => number[]; readonly mayRejoin: (error: Error) => boolean },
): Consumer {
  const { stage, kafka, settings } = options
  return kafka.consumer(
    {
      groupId: groupIdOf(stage.name, settings.prefix),
      partitionAssigners: [memberAssigner(options, held)],
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

function memberAssigner({ stage, settings }: StartOptions, held: () => number[]): PartitionAssigner {
  const { prefix, partitions, groupInstanceId = null } = settings
  const shared = { stage, prefix, partitions, broadcast: isSource(stage) ? ('hops' as const) : null, held }
  if (groupInstanceId === null) return taskAssigner(shared)
  let deal: Deal | null = null
  let isShareWhole = true
  let hasAskedAgain = false
  return asStaticMember(taskAssigner({ ...shared, instance: { id: groupInstanceId, deal: () => deal } }), {
    instanceId: groupInstanceId,
    onShare(bytes) {
      const share = kafkajs.AssignerProtocol.MemberAssignment.decode(bytes)
      deal = decodeDeal(share?.userData)
      isShareWhole = isWhole(shared, share?.assignment ?? {})
    },
    // What a static member comes back to was dealt before. With other inputs now it asks for another deal; once, as the leader
    // may be of the version before, and asks for itself when it is not any more.
    mustRejoin() {
      if (isShareWhole || hasAskedAgain) return false
      hasAskedAgain = true
      return true
    },
  })
}
