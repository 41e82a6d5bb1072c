import kafkajs, { type Assigner, type GroupMember, type PartitionAssigner } from 'kafkajs'
import type { TopicName } from '../../schemas/topics.ts'
import { inputPartitions, type Stage, taskCount } from '../stream/stage.ts'
import { partitionCount } from '../stream/topology.ts'
import { claimsOf, type KnownMember, nextDeal } from './claims.ts'
import { type Deal, decodeMemberData, encodeDeal, encodeMemberData } from './member-data.ts'
import { assignTasks } from './task-assignment.ts'

export interface AssignerOptions {
  readonly stage: Stage
  readonly prefix: string
  readonly partitions: number
  /** A one-partition topic that every member reads as a whole, next to its tasks. */
  readonly broadcast: TopicName | null
  /** The tasks held right now; asked at every join. */
  readonly held: () => number[]
  /** Set for a static member. */
  readonly instance?: {
    readonly id: string
    /** The last deal that it has heard of; asked at every join. */
    readonly deal: () => Deal | null
  }
}

// All members of a group must share a protocol, also during a rolling upgrade: this name lasts as long as the group.
const NAME = 'hydrawatch-tasks'
const VERSION = 1

/**
 * Assigns tasks, and with a task every partition that it reads: its inputs and its changelog. kafkajs's own assigner
 * deals single partitions, tears the inputs of a task apart, and moves nearly all of them at every change.
 */
export function taskAssigner(options: AssignerOptions): PartitionAssigner {
  return (): Assigner => ({
    name: NAME,
    version: VERSION,
    protocol: ({ topics }) => ({
      name: NAME,
      metadata: kafkajs.AssignerProtocol.MemberMetadata.encode({
        version: VERSION,
        topics,
        userData: encodeMemberData({
          tasks: options.held(),
          instance: options.instance?.id ?? null,
          deal: options.instance?.deal() ?? null,
        }),
      }),
    }),
    async assign({ members }) {
      const known = members.map(knownMember)
      const assigned = assignTasks(claimsOf(known), taskCount(options.stage, options.partitions))
      const deal = nextDeal(known, assigned)
      return [...assigned].map(([memberId, tasks]) => ({
        memberId,
        memberAssignment: kafkajs.AssignerProtocol.MemberAssignment.encode({
          version: VERSION,
          assignment: partitionsOfTasks(options, tasks),
          userData: deal === null ? Buffer.alloc(0) : encodeDeal(deal),
        }),
      }))
    },
  })
}

/**
 * Every partition of a task: topic name on the broker and partition. The order is the one in which a broker fills a fetch:
 * a changelog that is being restored and the tables that a hop waits for must not starve behind a backlog of requests.
 */
export function taskPartitions(
  { stage, prefix, partitions }: Pick<AssignerOptions, 'stage' | 'prefix' | 'partitions'>,
  task: number,
): { topic: string; partition: number }[] {
  const inputs = inputPartitions(stage, task, (topic) => partitionCount(topic, partitions))
  const tables = inputs.filter(({ input }) => input.role === 'table')
  const flows = inputs.filter(({ input }) => input.role !== 'table')
  return [
    { topic: prefix + stage.changelog, partition: task },
    ...[...tables, ...flows].map(({ input, partition }) => ({ topic: prefix + input.topic, partition })),
  ]
}

/** False for a share that lacks a partition of a task in it: it was dealt by a version that knew fewer inputs. */
export function isWhole(options: AssignerOptions, share: Readonly<Record<string, readonly number[]>>): boolean {
  // The changelog's partitions are numbered as the tasks.
  const tasks = share[options.prefix + options.stage.changelog] ?? []
  return Object.entries(partitionsOfTasks(options, tasks)).every(([topic, partitions]) =>
    partitions.every((partition) => share[topic]?.includes(partition)),
  )
}

function partitionsOfTasks(options: AssignerOptions, tasks: readonly number[]): Record<string, number[]> {
  const assignment: Record<string, number[]> = {}
  const { prefix, broadcast } = options
  const cuts = broadcast === null ? [] : [{ topic: prefix + broadcast, partition: 0 }]
  for (const { topic, partition } of [...cuts, ...tasks.flatMap((task) => taskPartitions(options, task))]) {
    const known = assignment[topic]
    if (!known) assignment[topic] = [partition]
    else if (!known.includes(partition)) known.push(partition)
  }
  return assignment
}

function knownMember({ memberId, memberMetadata }: GroupMember): KnownMember {
  const userData = kafkajs.AssignerProtocol.MemberMetadata.decode(memberMetadata)?.userData
  return { memberId, ...decodeMemberData(userData) }
}
