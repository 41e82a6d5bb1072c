import { setTimeout as after } from 'node:timers/promises'
import type { Admin } from 'kafkajs'
import type { TopicName } from '../../schemas/topics.ts'
import type { Codec } from '../avro/codec.ts'
import { HydrawatchError } from '../ops/errors.ts'
import type { Stage } from '../stream/stage.ts'
import { type HopSettings, isSource } from '../stream/topology.ts'
import { taskAssigner } from './assigner.ts'
import { isKafkaError, type KafkaClient } from './client.ts'
import { committedOffsets } from './committed-offsets.ts'
import { type Log, withFields } from './log.ts'
import { isOutage, Outage } from './outage.ts'
import { PartitionEnds } from './partition-ends.ts'
import { SourceGate } from './source-gate.ts'
import { StageConsumer } from './stage-consumer.ts'
import { type StageTimes, stageTimes } from './stage-times.ts'
import { checkStage, readTopics, writtenTopics } from './stage-topics.ts'
import { Task } from './task.ts'
import type { TaskCounters } from './task-counters.ts'
import type { CommittedHop, TaskStatus } from './task-status.ts'
import { fetchTopicEnds } from './topic-ends.ts'
import { checkTopics } from './topics.ts'

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

export interface StageStatus {
  readonly stage: string
  readonly groupId: string
  /** Joins of the group so far, as seen from here. */
  readonly generation: number
  /** When the broker last answered a heartbeat or a fetch, epoch ms; before the first, when the stage was started. */
  readonly lastHeard_ms: number
  readonly sessionTimeout_ms: number
  /** The brokers are away and the stage waits for them, for as long as `outage_max_ms` allows. */
  readonly isAway: boolean
  /** The stage has stopped, is stopping, or has failed: it will not read again. */
  readonly isOver: boolean
  readonly tasks: readonly TaskStatus[]
  /** Sources that have closed less than the furthest one; empty for other stages. */
  readonly behind: readonly { readonly partition: number; readonly hops: number }[]
}

export interface StageCounters {
  /** Of each task; `processor` is what its processor counts, empty while there is none. */
  readonly tasks: readonly ({
    readonly task: number
    readonly processor: Readonly<Record<string, number>>
  } & TaskCounters)[]
  /** Counters of the processors, summed over the tasks held now. */
  readonly processor: Readonly<Record<string, number>>
}

/** One stage running in this process: one consumer in the stage's group, and the tasks the group has given us. */
export interface StageRuntime {
  /**
   * Resolves when stopped. Rejects with whatever must end the process: BrokerUnavailable, RegistryUnavailable,
   * ChangelogUnreadable, or a programming error of a processor.
   */
  readonly closed: Promise<void>
  status(): StageStatus
  counters(): StageCounters
  /** Asks the broker where the inputs end, so that `status` knows it of partitions that are paused, too. */
  refreshEnds(): Promise<void>
  /** Finishes or abandons the open hop, leaves the group and disconnects, within 25 s. */
  stop(): Promise<void>
}

const OUTAGE_MAX_MS = 300_000
const REBALANCE_TIMEOUT_MS = 45_000
// kafkajs decodes a whole fetch before anything else runs: 10 MB of requests took half a second of CPU, 4 MB a quarter.
const FETCH_BYTES_MAX = 4 << 20
// Not below the largest batch that a topic takes by default: one larger than this is only read when it comes first.
const PARTITION_BYTES_MAX = 1 << 20
/** What a stage gives itself to stop; a platform must give its process more. */
export const STOP_MAX_MS = 25_000
// Of that for commits that have been sent. With brokers away kafkajs tries each step of one for longer than anybody waits.
const COMMITS_MAX_MS = 10_000
const SILENCE_CHECKS = 4

/** Group of a stage. */
export function groupIdOf(stage: string, prefix: string): string {
  return `${prefix}hydrawatch.${stage}`
}

/**
 * Starts a stage and joins its group. Rejects with BrokerUnavailable, RegistryUnavailable, SchemaNotRegistered,
 * TopicMissing, PartitionCountMismatch, or UsageError for times that no consumer could stay in its group with.
 */
export async function startStage(options: StartOptions): Promise<StageRuntime> {
  const { stage, kafka, codec, settings } = options
  checkStage(stage, settings.partitions)
  const times = stageTimes(settings)
  const admin = kafka.admin()
  try {
    await kafka.reach(`starting ${stage.name}`, async () => {
      await admin.connect()
      await checkTopics(admin, settings, [...new Set([...readTopics(stage), ...writtenTopics(stage)])])
    })
    await codec.prepareTopics(writtenTopics(stage))
  } catch (error) {
    await admin.disconnect().catch(() => undefined)
    throw error
  }
  const runtime = new Runtime(options, admin, times)
  try {
    await runtime.start()
    return runtime
  } catch (error) {
    await runtime.stop()
    throw error
  }
}

class Runtime implements StageRuntime {
  readonly closed: Promise<void>
  private readonly options: StartOptions
  private readonly admin: Admin
  private readonly groupId: string
  private readonly log: Log
  private readonly consumer
  private readonly partitions: StageConsumer
  private readonly ends: PartitionEnds
  private readonly gate: SourceGate | null
  private readonly tasks = new Map<number, Task>()
  /** Tasks under way, those revoked a moment ago included. */
  private readonly runs = new Set<Promise<void>>()
  private readonly settle: { resolve: () => void; reject: (error: unknown) => void }
  private confirmations: (() => void)[] = []
  private readonly outage: Outage
  private readonly sessionTimeout_ms: number
  private lastHeard_ms: number
  private generation = 0
  private silenceTimer: NodeJS.Timeout | null = null
  private failure: { error: unknown } | null = null
  private stopping: Promise<void> | null = null

  constructor(options: StartOptions, admin: Admin, { sessionTimeout_ms, heartbeat_ms, fetchWait_ms }: StageTimes) {
    const { stage, kafka, codec, settings } = options
    const { prefix, partitions, hops } = settings
    this.options = options
    this.admin = admin
    this.groupId = groupIdOf(stage.name, prefix)
    this.log = withFields(options.log, { stage: stage.name })
    this.gate = isSource(stage) ? new SourceGate(partitions, hops.ahead_hops) : null
    this.ends = new PartitionEnds((topic) => fetchTopicEnds(admin, topic))
    this.outage = new Outage(settings.outage_max_ms ?? OUTAGE_MAX_MS, options.now)
    this.sessionTimeout_ms = sessionTimeout_ms
    this.lastHeard_ms = options.now()
    this.consumer = kafka.consumer(
      {
        groupId: this.groupId,
        partitionAssigners: [
          taskAssigner({
            stage,
            prefix,
            partitions,
            broadcast: this.gate ? 'hops' : null,
            held: () => [...this.tasks.keys()],
          }),
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
      (error) => this.mayRejoin(error),
    )
    this.partitions = new StageConsumer({
      consumer: this.consumer,
      codec,
      onAssigned: (assignment) => this.assign(assignment),
      onError: (error) => this.fail(error),
    })
    let resolve = (): void => undefined
    let reject = (_error: unknown): void => undefined
    this.closed = new Promise<void>((onResolve, onReject) => {
      resolve = onResolve
      reject = onReject
    })
    this.settle = { resolve, reject }
    // Whoever wants to know awaits it; nobody has to.
    this.closed.catch(() => undefined)
  }

  async start(): Promise<void> {
    const { stage, kafka, settings, now } = this.options
    const { consumer } = this
    consumer.on(consumer.events.HEARTBEAT, () => {
      this.lastHeard_ms = now()
      for (const confirm of this.confirmations.splice(0)) confirm()
    })
    // Only a fetch says that brokers serve us: a coordinator may answer while the leaders are away.
    consumer.on(consumer.events.FETCH, () => {
      this.lastHeard_ms = now()
      this.outage.end()
    })
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (payload.restart) return
      const doing = `reading for ${stage.name}`
      this.fail(kafka.failure(doing, payload.error))
    })
    await kafka.reach(`joining the group ${this.groupId}`, async () => {
      await consumer.connect()
      await consumer.subscribe({
        topics: readTopics(stage).map((topic) => settings.prefix + topic),
        fromBeginning: true,
      })
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: 1,
        eachBatch: (payload) => this.partitions.eachBatch(payload),
      })
    })
    if (this.failure) throw this.failure.error
    const { silence_ms } = settings.hops
    if (this.gate && silence_ms > 0) {
      const check = (): void => {
        for (const task of this.tasks.values()) {
          task.noteSilence(silence_ms, now()).catch((error: unknown) => this.noteFailedCheck(error))
        }
      }
      this.silenceTimer = setInterval(check, Math.ceil(silence_ms / SILENCE_CHECKS))
      this.silenceTimer.unref()
    }
  }

  status(): StageStatus {
    return {
      stage: this.options.stage.name,
      groupId: this.groupId,
      generation: this.generation,
      lastHeard_ms: this.lastHeard_ms,
      sessionTimeout_ms: this.sessionTimeout_ms,
      isAway: this.outage.isOngoing,
      isOver: this.stopping !== null || this.failure !== null,
      tasks: this.sortedTasks().map(([, task]) => task.status()),
      behind: this.gate?.behind() ?? [],
    }
  }

  counters(): StageCounters {
    const processor: Record<string, number> = {}
    for (const task of this.tasks.values()) {
      for (const [name, count] of Object.entries(task.processorCounters()))
        processor[name] = (processor[name] ?? 0) + count
    }
    const tasks = this.sortedTasks().map(([number, task]) => {
      return { task: number, processor: task.processorCounters(), ...task.counters }
    })
    return { tasks, processor }
  }

  async refreshEnds(): Promise<void> {
    const { stage, settings } = this.options
    await Promise.all(
      [...new Set(stage.inputs.map(({ topic }) => topic))].map((topic) => this.ends.now(settings.prefix + topic)),
    )
  }

  stop(): Promise<void> {
    this.stopping ??= this.shutDown()
    return this.stopping
  }

  /** The group has spoken. Runs inside kafkajs, before the first fetch of the new generation. */
  private assign(assignment: Readonly<Record<string, number[]>>): void {
    if (this.stopping) return
    const { stage, settings } = this.options
    this.generation += 1
    // The changelog's partitions are numbered as the tasks.
    const assigned = new Set(assignment[settings.prefix + stage.changelog] ?? [])
    const lost = [...this.tasks.keys()].filter((task) => !assigned.has(task))
    const gained = [...assigned].filter((task) => !this.tasks.has(task))
    for (const task of lost) {
      this.tasks.get(task)?.revoke()
      this.tasks.delete(task)
    }
    this.followCuts(assignment)
    for (const task of gained) this.begin(task)
    this.log({
      level: 'info',
      message: 'tasks assigned',
      fields: { generation: this.generation, tasks: [...assigned], lost, gained },
    })
  }

  private begin(number: number): void {
    const { stage, kafka, codec, settings, writers, now, onHop = () => undefined } = this.options
    const task = new Task({
      stage,
      task: number,
      groupId: this.groupId,
      prefix: settings.prefix,
      partitions: settings.partitions,
      hops: settings.hops,
      writers,
      kafka,
      codec,
      consumer: this.partitions,
      ends: this.ends,
      gate: this.gate,
      outage_max_ms: settings.outage_max_ms ?? OUTAGE_MAX_MS,
      committed: (topics) => committedOffsets(this.admin, this.groupId, topics),
      confirmed: () => new Promise((resolve) => this.confirmations.push(resolve)),
      onHop,
      log: this.log,
      now,
    })
    this.tasks.set(number, task)
    const run = task.run().catch((error: unknown) => this.fail(error))
    this.runs.add(run)
    void run.finally(() => this.runs.delete(run))
  }

  /** Every member of a source stage reads the cuts of all sources, from the beginning: the topic is compacted and small. */
  private followCuts(assignment: Readonly<Record<string, number[]>>): void {
    const { gate } = this
    const topic = `${this.options.settings.prefix}hops`
    if (!gate || !assignment[topic]?.includes(0) || this.partitions.next(topic, 0) !== null) return
    this.partitions.open(topic, 0, 0, {
      onMessages: (messages) => {
        for (const message of messages) {
          const cut = message.value === null ? null : this.options.codec.decode('hops', message.value).value
          if (cut !== null) gate.announce(cut.partition, cut.hop)
        }
      },
      onAdvance: () => undefined,
    })
  }

  /**
   * kafkajs has given its consumer up. While brokers are away it may start it again: the tasks keep what they hold, and the
   * next join says which of them are still ours.
   */
  private mayRejoin(error: Error): boolean {
    if (this.stopping || this.failure || this.generation === 0) return false
    if (!isOutage(error) || !this.outage.mayPass()) return false
    this.log({
      level: 'warn',
      message: 'lost the brokers, joining the group again',
      fields: { generation: this.generation, reason: error.message },
    })
    return true
  }

  private noteFailedCheck(error: unknown): void {
    // The next check asks again; a broker that stays away is noticed by the fetches.
    this.log({
      level: 'debug',
      message: 'could not look for silence',
      fields: { reason: error instanceof Error ? error.message : String(error) },
    })
  }

  private fail(error: unknown): void {
    if (this.failure || this.stopping) return
    this.failure = { error: this.named(error) }
    this.settle.reject(this.failure.error)
    void this.stop()
  }

  private named(error: unknown): unknown {
    if (error instanceof HydrawatchError || !isKafkaError(error)) return error
    const { kafka, stage } = this.options
    return kafka.failure(`running ${stage.name}`, error)
  }

  private async shutDown(): Promise<void> {
    if (this.silenceTimer) clearInterval(this.silenceTimer)
    if (!(await endsWithin(STOP_MAX_MS, this.leave())))
      this.log({ level: 'error', message: 'stopped without leaving the group', fields: { after_ms: STOP_MAX_MS } })
    this.settle.resolve()
  }

  private async leave(): Promise<void> {
    for (const task of this.tasks.values()) task.revoke()
    if (!(await endsWithin(COMMITS_MAX_MS, Promise.all(this.runs)))) {
      const fields = { after_ms: COMMITS_MAX_MS }
      this.log({ level: 'warn', message: 'a commit is under way that no broker answers; a restore will tell', fields })
    }
    await this.consumer.disconnect().catch(() => undefined)
    await this.admin.disconnect().catch(() => undefined)
  }

  private sortedTasks(): [number, Task][] {
    return [...this.tasks].sort(([a], [b]) => a - b)
  }
}

/** False when the limit comes first. */
async function endsWithin(limit_ms: number, work: Promise<unknown>): Promise<boolean> {
  const grace = new AbortController()
  const isInTime = await Promise.race([
    work.then(() => true),
    after(limit_ms, false, { signal: grace.signal, ref: false }),
  ])
  grace.abort()
  return isInTime
}
