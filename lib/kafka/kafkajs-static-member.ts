import type { Cluster, PartitionAssigner } from 'kafkajs'
import { InstanceFenced } from './errors.ts'
import { rejoinNeeded } from './kafkajs-lost-answers.ts'
import { protocolErrorOf } from './protocol-error.ts'

// kafkajs 2.2.4 has static membership (KIP-345) in its encoders, and nobody gives them an instance id.

/** A member of a group that keeps its place over restarts. */
export interface StaticMember {
  readonly instanceId: string
  /** The group has given it a share, in the bytes of its leader. */
  readonly onShare: (share: Buffer) => void
  /** Asked before each heartbeat: whether it must join again although nobody has called for it. */
  readonly mustRejoin: () => boolean
}

/**
 * Makes the consumer with this assigner a static member. The assigner is where kafkajs shows the cluster of a consumer, and
 * through it the coordinator, before the first join.
 */
export function asStaticMember(assigner: PartitionAssigner, member: StaticMember): PartitionAssigner {
  return (config) => {
    const cluster: Cluster = config.cluster
    const find = cluster.findGroupCoordinator
    cluster.findGroupCoordinator = async function (this: Cluster, key) {
      return speakAs(member, (await find.call(this, key)) as unknown as Coordinator) as never
    }
    return assigner(config)
  }
}

type Request = (args: { readonly groupId: string }) => Promise<unknown>

interface Coordinator {
  lookupRequest(apiKey: number, definition: unknown): (args: object) => unknown
  readonly joinGroup: Request
  readonly syncGroup: (args: { readonly groupId: string }) => Promise<{ readonly memberAssignment: Buffer }>
  readonly heartbeat: Request
  readonly leaveGroup: Request
}

/** The same broker, asked in the member's name. */
function speakAs(member: StaticMember, coordinator: Coordinator): Coordinator {
  const { instanceId: groupInstanceId } = member
  const named = async <Answer>(groupId: string, call: () => Promise<Answer>): Promise<Answer> => {
    try {
      return await call()
    } catch (error) {
      if (protocolErrorOf(error) !== 'FENCED_INSTANCE_ID') throw error
      throw new InstanceFenced({ groupId, instanceId: groupInstanceId })
    }
  }
  const speaker: Coordinator = Object.assign(Object.create(coordinator), {
    // What each request is encoded by: those that know no instance id pass over it.
    lookupRequest: (apiKey: number, definition: unknown) => {
      const encode = coordinator.lookupRequest(apiKey, definition)
      return (args: object) => encode({ ...args, groupInstanceId })
    },
    joinGroup: (args) => named(args.groupId, () => coordinator.joinGroup.call(speaker, args)),
    syncGroup: async (args) => {
      const answer = await named(args.groupId, () => coordinator.syncGroup.call(speaker, args))
      member.onShare(answer.memberAssignment)
      return answer
    },
    heartbeat: async (args) => {
      if (member.mustRejoin()) throw rejoinNeeded(`the share of ${groupInstanceId} in ${args.groupId} is not whole`)
      return named(args.groupId, () => coordinator.heartbeat.call(speaker, args))
    },
    // It comes back: its tasks wait for it until its session ends.
    leaveGroup: async () => undefined,
  } satisfies Coordinator)
  return speaker
}
