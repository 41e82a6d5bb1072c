import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import { openPublisher, type Publisher } from '../../../lib/kafka/publisher.ts'
import { readTopic } from '../../../lib/kafka/reader.ts'
import { groupIdOf } from '../../../lib/kafka/stage-group.ts'
import type { StartOptions } from '../../../lib/kafka/stage-options.ts'
import { type StageRuntime, startStage } from '../../../lib/kafka/stage-runtime.ts'
import type { Stage } from '../../../lib/stream/stage.ts'
import type { Request } from '../../../schemas/types.ts'
import type { TestBroker } from '../../helpers/broker.ts'
import { type Cluster, eventually, startCluster } from './cluster.ts'
import { type MemberProcess, startMember } from './member-process.ts'
import { type StageSettingOverrides, stageSettings, toyWriters } from './settings.ts'
import { sumFaults } from './sum-faults.ts'
import { expectedSums, HOP_MS, type HopSum, requestAt } from './toy.ts'

/** What one test has opened, closed in reverse order at its end. */
export class Harness {
  private readonly cleanups: (() => Promise<unknown>)[] = []

  onClose(cleanup: () => Promise<unknown>): void {
    this.cleanups.push(cleanup)
  }

  async close(): Promise<void> {
    for (const cleanup of this.cleanups.splice(0).reverse()) await cleanup()
  }

  /** On the broker given, or the one that tests talk to. */
  async cluster(partitions: number, broker?: TestBroker): Promise<Cluster> {
    const cluster = await startCluster(partitions, broker)
    this.onClose(() => cluster.stop())
    return cluster
  }

  /** Resolves when the group of the counting stage waits for its members. */
  async isRebalancing({ kafka, prefix }: Cluster): Promise<void> {
    const admin = kafka.admin()
    await admin.connect()
    this.onClose(() => admin.disconnect())
    await eventually('the group to be rebalancing', async () => {
      const { groups } = await admin.describeGroups([groupIdOf('toy-count', prefix)])
      return groups[0]?.state === 'PreparingRebalance'
    })
  }

  async start(
    cluster: Cluster,
    stage: Stage,
    partitions: number,
    options: StageSettingOverrides & Partial<Pick<StartOptions, 'codec' | 'kafka' | 'onHop'>> = {},
  ): Promise<StageRuntime> {
    const { codec = cluster.codec, kafka = cluster.kafka, onHop } = options
    const runtime = await startStage({
      stage,
      kafka,
      codec,
      settings: stageSettings(cluster.prefix, partitions, options),
      writers: toyWriters(partitions),
      log: cluster.log,
      now: Date.now,
      onHop,
    })
    this.onClose(() => runtime.stop())
    return runtime
  }

  /** A member of the counting stage in a process of its own. */
  member(cluster: Cluster, partitions: number, options: Parameters<typeof startMember>[2] = {}): MemberProcess {
    const member = startMember(cluster, partitions, options)
    this.onClose(async () => {
      member.signal('SIGKILL')
      await member.exited
    })
    return member
  }

  async publisher({ kafka, codec, prefix }: Cluster, partitions: number): Promise<Publisher> {
    const publisher = await openPublisher({ kafka, codec, prefix, partitions, topics: ['requests', 'accounts'] })
    this.onClose(() => publisher.close())
    return publisher
  }
}

/** Requests of 37 accounts, 200 a hop, beginning with a hop's start. */
export function requestsOf(firstHop: number, count: number): Request[] {
  return Array.from({ length: count }, (_, i) => {
    const end_time_ms = firstHop * HOP_MS + i * (HOP_MS / 200)
    return requestAt(`account-${'x'.repeat(i % 4)}${i % 37}`, end_time_ms, `${firstHop}-${i}`)
  })
}

export async function publishRequests(publisher: Publisher, requests: readonly Request[]): Promise<void> {
  await publisher.publish(requests.map((value) => ({ topic: 'requests', key: value.account_id, value })))
}

/** Ends the input after the last request, and waits until the summing stage has committed that request's hop. */
export async function finish(publisher: Publisher, sum: StageRuntime, lastHop: number): Promise<void> {
  await publisher.closeInput((lastHop + 3) * HOP_MS)
  await committedThrough(sum, lastHop)
}

/** Waits until the runtimes hold so many tasks each, all of them running. */
export async function sharedTasks(runtimes: readonly StageRuntime[], tasks: number): Promise<void> {
  await eventually(`${tasks} running tasks in each of ${runtimes.length} members`, () =>
    runtimes.every((runtime) => {
      const own = runtime.status().tasks
      return own.length === tasks && own.every(({ state }) => state === 'running')
    }),
  )
}

/** Stops runtimes, and fails if one could not leave its group within its grace period. */
export async function stopInTime(cluster: Cluster, runtimes: readonly StageRuntime[]): Promise<void> {
  await Promise.all(runtimes.map((runtime) => runtime.stop()))
  expect(cluster.lines.filter(({ message }) => message === 'stopped without leaving the group')).toEqual([])
}

export async function committedThrough(runtime: StageRuntime, hop: number, deadline_ms?: number): Promise<void> {
  await eventually(
    `every task of ${runtime.status().stage} through hop ${hop}`,
    () => {
      const { tasks } = runtime.status()
      return tasks.length > 0 && tasks.every((task) => (task.hop ?? 0) >= hop)
    },
    deadline_ms,
  )
}

/**
 * What the summing stage has said, hop by hop, through a hop that it has committed. A broker answers a commit before
 * readers of committed records see it (KIP-98: the coordinator writes the markers afterwards), so this reads until they do.
 */
export async function readSums(cluster: Cluster, lastHop: number): Promise<HopSum[]> {
  let sums: HopSum[] = []
  await eventually(`hop ${lastHop} to be readable`, async () => {
    const records = await readTopic({ ...cluster, topic: 'model-releases' })
    sums = records.flatMap(({ value }) => (value ? [JSON.parse(value.model)] : []))
    return records.some(({ hop }) => hop !== null && hop.hop >= lastHop)
  })
  return sums
}

/** Fails unless the sums are those of these requests, and says where they differ and who made the difference. */
export async function expectSums(cluster: Cluster, lastHop: number, requests: readonly Request[]): Promise<void> {
  const sums = await readSums(cluster, lastHop)
  const expected = expectedSums(requests)
  if (isDeepStrictEqual(sums, expected)) return
  // A diff of all of it would be fifty thousand lines.
  expect.fail(await sumFaults(cluster, { sums, expected, requests }))
}
