import type { KafkaClient } from '../../lib/kafka/client.ts'
import { InstanceFenced } from '../../lib/kafka/errors.ts'
import type { Log } from '../../lib/kafka/log.ts'
import { groupIdOf } from '../../lib/kafka/stage-group.ts'
import type { StageSettings } from '../../lib/kafka/stage-options.ts'
import { type Stage, taskCount } from '../../lib/stream/stage.ts'
import { createRandom, type Random } from '../../producers/sample/random.ts'
import { toyWriters } from '../integration/runtime/settings.ts'
import { countingStage, HOP_MS, type HopSum, summingStage } from '../integration/runtime/toy.ts'
import { Chaos, type Troubles } from './chaos.ts'
import { SimulatedCluster } from './cluster.ts'
import { openCodec } from './codec.ts'
import { InstanceIds } from './instance-ids.ts'
import { committedRecords } from './log-reader.ts'
import { Network } from './network.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import { isExcused, type ProcessOptions } from './process.ts'
import { PublishingProcess } from './publishing-process.ts'
import { StageProcess } from './stage-process.ts'
import { Trace } from './trace.ts'
import { type Owner, VirtualTime } from './virtual-time.ts'
import { ChangelogWatch } from './watch.ts'
import type { Workload } from './workload.ts'

export interface ScheduleOptions {
  readonly seed: number
  readonly workload: Workload
  /** Some processes in, those that start are of the next version: its counting stage reads a topic more. */
  readonly isUpgraded?: boolean
  /** Processes have ids, and who starts has that of one that is gone; now and then, of one that is not. */
  readonly isStatic?: boolean
  /** Leaves everything in peace. */
  readonly isCalm?: boolean
  /** Lines of the trace to keep. @default 200 */
  readonly traceLines_max?: number
  /** Stands between the runtime and its Kafka, to break something on purpose. */
  readonly wrap?: (kafka: KafkaClient) => KafkaClient
}

export interface ScheduleResult {
  /** What must not be; empty when all is well. */
  readonly violations: readonly string[]
  readonly outcome: Outcome
  readonly sums: readonly HopSum[]
  /** Topics that tasks have read at the end. */
  readonly inputs: ReadonlySet<string>
  readonly trace: readonly string[]
  /** Of the whole trace. */
  readonly digest: string
  readonly steps: number
  readonly took_ms: number
  readonly troubles: Troubles
}

const START_MS = 1_700_000_000_000
const LOOK_MS = 100
const PUBLISH_GAP_MS = 700
// A producer that starts again sends up to so many portions that have been acknowledged once more; the stage remembers longer.
const REPEATED_MAX = 3
const REMEMBERED_HOPS = 8
const OLD_PROCESSES_MAX = 3
/** What the next version of the counting stage reads besides. Nobody writes to it, so that it says what the version before says. */
export const NEXT_INPUT = 'decisions'
const PROCESSES_MAX = 4
const RESTART_MAX_MS = 2_000
// A transaction whose owner is gone holds its readers back for 30 s, a request without an answer its sender as long, and
// a process gives up after five attempts.
const SETTLE_MAX_MS = 300_000
const STOP_MAX_MS = 24_000
const STEPS_MAX = 2_000_000

/** Runs one schedule from its seed to its end. Everything in it follows from the options. */
export async function runSchedule(options: ScheduleOptions): Promise<ScheduleResult> {
  await openCodec()
  const schedule = new Schedule(options)
  return schedule.run()
}

const counting = countingStage({ remembered_hops: REMEMBERED_HOPS })

const nextCounting: Stage = {
  ...counting,
  inputs: [...counting.inputs, { topic: NEXT_INPUT, role: 'table', partitions: 'own', effect: 'hop_end' }],
}

class Schedule {
  private readonly options: ScheduleOptions
  private readonly stages: readonly Stage[] = [counting, summingStage]
  /** So many processes are of this version before the next one comes. */
  private readonly oldProcesses: number
  private readonly random: Random
  private readonly time: VirtualTime
  private readonly trace: Trace
  private readonly cluster: SimulatedCluster
  private readonly network: Network
  private readonly chaos: Chaos
  private readonly watch: ChangelogWatch
  private readonly settings: StageSettings
  private readonly director: Owner = { name: 'schedule', state: 'up' }
  private readonly processes: StageProcess[] = []
  private readonly instanceIds: InstanceIds | null
  private readonly gap_ms: number
  private publisher: PublishingProcess | null = null
  private publishers = 0
  /** Portions that are acknowledged. */
  private published = 0
  private readonly violations: string[] = []
  private started = 0
  private isPublished = false
  private isEnding = false

  constructor(options: ScheduleOptions) {
    const { seed, workload, isCalm = false, isUpgraded = false, traceLines_max = 200 } = options
    const { partitions } = workload
    this.options = options
    this.random = createRandom(`schedule/${seed}`)
    const time = new VirtualTime(START_MS, this.random.fork('time'))
    this.time = time
    this.trace = new Trace(() => time.now_ms - START_MS, traceLines_max)
    const note = (line: string): void => this.trace.note(line)
    const markerDelay_max_ms = this.random.pick([0, 0, 5, 100, 600])
    const markerRandom = this.random.fork('markers')
    this.cluster = new SimulatedCluster({
      time,
      partitions,
      markerDelay_ms: () => (isCalm ? 0 : markerRandom.unit() * markerDelay_max_ms),
      onFault: (reason) => this.violations.push(`the broker refused a request: ${reason.stack ?? reason.message}`),
    })
    this.network = new Network({
      time,
      random: this.random.fork('network'),
      broker: this.cluster.owner,
      accept: (socket) => this.cluster.accept(socket),
      onRequest: (passing) => this.chaos.onRequest(passing),
      note,
    })
    this.chaos = new Chaos({
      random: this.random.fork('chaos'),
      time,
      network: this.network,
      cluster: this.cluster,
      director: this.director,
      processes: () => (this.publisher ? [...this.processes, this.publisher] : this.processes),
      start: () => this.startProcess(),
      note,
      span_ms: isCalm ? 0 : workload.portions.length * PUBLISH_GAP_MS * 0.8,
    })
    this.oldProcesses = isUpgraded ? this.random.fork('upgrade').int(OLD_PROCESSES_MAX + 1) : Number.POSITIVE_INFINITY
    this.instanceIds = options.isStatic ? new InstanceIds(PROCESSES_MAX, this.random.fork('instances')) : null
    this.gap_ms = this.random.pick([0, PUBLISH_GAP_MS, PUBLISH_GAP_MS])
    this.watch = new ChangelogWatch(this.cluster, this.stages, partitions)
    this.settings = {
      prefix: '',
      partitions,
      hops: {
        length_ms: HOP_MS,
        bound_ms: 500,
        late_max_ms: 60_000,
        future_max_ms: 60_000,
        ahead_hops: 3,
        silence_ms: workload.silence_ms,
      },
      sessionTimeout_ms: this.random.pick([1_000, 2_000, 3_000]),
      // Less than the shortest session: kafkajs sends its heartbeats between fetches.
      fetchWait_ms: this.random.pick([200, 400, 800]),
    }
  }

  async run(): Promise<ScheduleResult> {
    const { time, trace } = this
    const onRejection = (error: unknown): void => {
      this.violations.push(`nobody caught: ${error instanceof Error ? error.stack : String(error)}`)
    }
    process.on('unhandledRejection', onRejection)
    time.install()
    try {
      const count = 1 + this.random.int(3)
      for (let i = 0; i < count; i++) this.startProcess()
      this.startPublisher()
      this.chaos.begin()
      this.tick()
      await this.until('everything is processed and every task runs', () => this.isDone(), SETTLE_MAX_MS)
      if (this.violations.length === 0) await this.end()
      this.violations.push(...(await this.watch.look()), ...this.watch.checkOffsets((stage) => groupIdOf(stage, '')))
    } finally {
      time.restore()
      process.off('unhandledRejection', onRejection)
      this.cluster.state.groups.close()
      this.cluster.state.transactions.close()
    }
    return {
      violations: this.violations,
      outcome: outcomeOf(this.cluster, this.stages, this.options.workload.lastHop),
      sums: await this.sums(),
      inputs: this.watch.inputs(),
      trace: trace.tail,
      digest: trace.digest(),
      steps: time.steps,
      took_ms: time.now_ms - START_MS,
      troubles: this.chaos.troubles,
    }
  }

  /** Without saying of which stages: the first and every other process run all, the rest only count. */
  private startProcess(wanted?: readonly Stage[]): void {
    const isFull = this.processes.filter(({ isUp }) => isUp).length >= PROCESSES_MAX
    if (this.isEnding || (isFull && !wanted)) return
    this.started += 1
    const name = `p${this.started}`
    const stages = wanted ?? (this.started % 2 === 1 ? this.stages : this.stages.slice(0, 1))
    const isNext = this.started > this.oldProcesses
    const groupInstanceId = this.instanceIds?.next() ?? null
    this.trace.note(
      `start ${name}${groupInstanceId ? ` as ${groupInstanceId}` : ''} with ${stages.map((stage) => stage.name).join(', ')}${isNext ? ', next version' : ''}`,
    )
    const process = new StageProcess({
      ...this.processOptions(name),
      stages: stages.map((stage) => (isNext && stage === counting ? nextCounting : stage)),
      settings: { ...this.settings, groupInstanceId },
      writers: toyWriters(this.settings.partitions),
      wrap: this.options.wrap,
    })
    if (groupInstanceId) this.instanceIds?.give(groupInstanceId, process)
    this.processes.push(process)
  }

  private startPublisher(): void {
    this.publishers += 1
    const name = `publisher ${this.publishers}`
    const from = Math.max(0, this.published - (this.publishers === 1 ? 0 : this.random.int(REPEATED_MAX + 1)))
    this.trace.note(`start ${name} at portion ${from} of ${this.published}`)
    this.publisher = new PublishingProcess({
      ...this.processOptions(name),
      workload: this.options.workload,
      from,
      gap_ms: this.gap_ms,
      onPublished: (portions) => {
        this.published = Math.max(this.published, portions)
      },
      onComplete: () => {
        this.isPublished = true
        this.trace.note('everything is published')
      },
    })
  }

  private processOptions(name: string): ProcessOptions {
    const { time, network } = this
    return { name, time, network, log: this.logOf(name), onExit: (error) => this.onExit(name, error) }
  }

  private onExit(name: string, error: unknown): void {
    this.trace.note(`exit ${name}: ${error instanceof Error ? error.message : 'in order'}`)
    const isFenced = this.options.isStatic && error instanceof InstanceFenced
    if (!isExcused(error) && !isFenced) {
      this.violations.push(`${name} ended with ${error instanceof Error ? error.stack : String(error)}`)
    }
  }

  private logOf(name: string): Log {
    return ({ level, message, fields: { stack: _paths, ...fields } }) => {
      if (level !== 'debug') this.trace.note(`${name}: ${message} ${JSON.stringify(fields)}`)
    }
  }

  /** Takes steps until a condition holds, looked at now and then. */
  private async until(what: string, holds: () => boolean, deadline_ms: number): Promise<void> {
    const { time } = this
    const started_ms = time.now_ms
    let next_ms = time.now_ms
    while (this.violations.length === 0) {
      if (time.now_ms >= next_ms) {
        next_ms = time.now_ms + LOOK_MS
        this.violations.push(...(await this.watch.look()))
        if (holds()) return
        this.keepAlive()
      }
      const isStuck = time.now_ms - started_ms > deadline_ms || time.steps > STEPS_MAX
      if (isStuck || !(await time.step())) {
        if (holds()) return
        this.violations.push(
          `after ${Math.round(time.now_ms - started_ms)} ms still waiting until ${what}: ${this.states()}`,
        )
        return
      }
    }
  }

  /** Time goes on while nobody is there to do anything. */
  private tick(): void {
    this.time.schedule(this.director, LOOK_MS, () => this.tick())
  }

  /** What a platform does: where nobody runs a stage or publishes, somebody is started. */
  private nextStart_ms = 0
  private keepAlive(): void {
    if (this.isEnding || this.time.now_ms < this.nextStart_ms) return
    this.nextStart_ms = this.time.now_ms + this.random.unit() * RESTART_MAX_MS
    const isMissing = this.stages.some(
      ({ name }) => !this.processes.some(({ isThere, stages }) => isThere && stages.some((own) => own.name === name)),
    )
    if (isMissing) this.startProcess(this.stages)
    if (!this.isPublished && !this.publisher?.isThere) this.startPublisher()
  }

  private isDone(): boolean {
    if (!this.isPublished || !this.chaos.isOver) return false
    const live = this.processes.filter(({ isUp }) => isUp)
    return this.stages.every((stage) => {
      const runtimes = live.flatMap(({ runtimes }) =>
        runtimes.filter((runtime) => runtime.status().stage === stage.name),
      )
      const tasks = runtimes.flatMap((runtime) => runtime.status().tasks)
      const wanted = taskCount(stage, this.settings.partitions)
      const numbers = new Set(tasks.map(({ task }) => task))
      return (
        tasks.length === wanted &&
        numbers.size === wanted &&
        tasks.every(({ state, hop }) => state === 'running' && (hop ?? 0) >= this.options.workload.lastHop)
      )
    })
  }

  private async end(): Promise<void> {
    this.isEnding = true
    this.trace.note('everything is processed; all processes are told to stop')
    for (const process of this.processes) if (process.isUp) process.stop()
    await this.until('every process has stopped', () => this.processes.every(({ isUp }) => !isUp), STOP_MAX_MS)
    await this.until('every transaction has ended', () => this.cluster.isSettled(), STOP_MAX_MS)
    // Those who were killed, or silenced, are members until their session is over.
    const isEmpty = ({ name }: Stage): boolean => !this.cluster.state.groups.find(groupIdOf(name, ''))?.hasMembers
    await this.until('every group is empty', () => this.stages.every(isEmpty), STOP_MAX_MS)
  }

  private states(): string {
    return this.processes
      .filter(({ owner }) => owner.state !== 'dead')
      .map(({ owner, runtimes }) => {
        const stages = runtimes.map((runtime) => {
          const { stage, generation, tasks } = runtime.status()
          return `${stage} g${generation} ${tasks.map(({ task, state, hop }) => `${task} ${state} ${hop}`).join(', ')}`
        })
        return `${owner.name} (${owner.state}) ${stages.join('; ')}`
      })
      .join(' | ')
  }

  private async sums(): Promise<HopSum[]> {
    const codec = await openCodec()
    const records = committedRecords(this.cluster.state.topics.partition('model-releases', 0))
    return records.flatMap(({ value }) => {
      const release = value === null ? null : codec.decode('model-releases', value).value
      return release ? [JSON.parse(release.model)] : []
    })
  }
}
