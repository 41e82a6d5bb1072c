import type { TopicName } from '../../schemas/topics.ts'
import type { MissingPart } from '../stream/assembler.ts'
import { addMark, commitDue_ms, type LagLook, type LagState, lagState, type ProgressMark } from '../stream/lag-state.ts'
import { inputPartitions, type Stage } from '../stream/stage.ts'
import { isSource, partitionCount } from '../stream/topology.ts'
import type { TaskLook } from './lag.ts'

export interface LagWatchOptions {
  /** All stages, so that it is known who writes what another one waits for. */
  readonly stages: readonly Stage[]
  readonly partitions: number
  readonly hops: {
    readonly length_ms: number
    readonly bound_ms: number
    readonly silence_ms: number
    readonly ahead_hops: number
  }
}

export interface TaskLag extends TaskLook {
  readonly state: LagState
  /** How far the last closed hop is behind the newest one that any source has closed, in event time; null before a commit. */
  readonly eventTimeLag_ms: number | null
  /** How far the end of the last closed hop is behind the clock. Large while old records are read. */
  readonly age_ms: number | null
  /** What only others can bring; empty when it is this task's turn. */
  readonly waitsFor: readonly MissingPart[]
  /** For how long this task has held others back; null while it holds nobody back, or not for longer than a commit may take. */
  readonly blind_ms: number | null
}

interface Seen {
  marks: readonly ProgressMark[]
  first_ms: number
}

/**
 * Judges looks at all tasks, one after another: each adds what has been committed since to the windows of the one before.
 * Reads no clock and asks nobody.
 */
export class LagWatch {
  private readonly options: LagWatchOptions
  private readonly due_ms: number
  private readonly seen = new Map<string, Seen>()

  constructor(options: LagWatchOptions) {
    this.options = options
    this.due_ms = commitDue_ms(options.hops)
  }

  /** Tasks in the order given. Clocks of other machines are taken as they are, and no time is less than 0. */
  look(tasks: readonly TaskLook[], now_ms: number): TaskLag[] {
    const newest_ms = Math.max(...tasks.filter(({ stage }) => this.isSourceStage(stage)).map(endOfLastHop))
    const judged = tasks.map((task) => {
      const waitsFor = this.waitsFor(task, tasks)
      const work: LagLook['work'] = this.isIdle(task, tasks) ? 'none' : waitsFor.length > 0 ? 'waits' : 'due'
      const { marks, first_ms } = this.remember(task, now_ms)
      const { isHeld, note } = task
      return {
        ...task,
        state: lagState({ marks, now_ms, watched_ms: now_ms - first_ms, work, isHeld, due_ms: this.due_ms }),
        eventTimeLag_ms: note && Number.isFinite(newest_ms) ? Math.max(0, newest_ms - note.event_time_ms) : null,
        age_ms: note && Math.max(0, now_ms - note.event_time_ms),
        waitsFor,
        work,
      }
    })
    const blockers = new Set(judged.flatMap(({ stage, waitsFor }) => waitsFor.map((part) => this.blocker(stage, part))))
    return judged.map(({ work, ...task }) => {
      const holdsBack = work === 'due' && blockers.has(`${task.stage}/${task.task}`)
      return { ...task, blind_ms: holdsBack ? this.blindFor(task, now_ms) : null }
    })
  }

  private remember({ stage, task, note, inputs }: TaskLook, now_ms: number): Seen {
    const key = `${stage}/${task}`
    const seen = this.seen.get(key) ?? { marks: [], first_ms: now_ms }
    this.seen.set(key, seen)
    const flows = inputs.filter(({ role }) => role !== 'table')
    if (flows.some(({ committed }) => committed === null)) return seen
    const sum = (of: 'committed' | 'lag') => flows.reduce((total, flow) => total + (flow[of] ?? 0), 0)
    const offset = sum('committed')
    const last = seen.marks.at(-1)
    // Without a note nobody knows when it was committed: when it was seen.
    const isKnown = last?.hop === null && last.offset === offset
    const committed_ms = note?.committed_ms ?? (isKnown ? last.committed_ms : now_ms)
    const isCaughtUp = note?.caught_up ?? false
    seen.marks = addMark(seen.marks, { committed_ms, hop: note?.hop ?? null, offset, lag: sum('lag'), isCaughtUp })
    return seen
  }

  /** A source that has read all there is and follows the others; the rest of the flow is never idle, it waits. */
  private isIdle(task: TaskLook, tasks: readonly TaskLook[]): boolean {
    if (!this.isSourceStage(task.stage)) return false
    const isBehind = this.siblings(task, tasks).some((other) => isBefore(hopOf(task), hopOf(other)))
    return !isBehind && task.inputs.every(({ role, lag }) => role === 'table' || lag === 0)
  }

  private waitsFor(task: TaskLook, tasks: readonly TaskLook[]): MissingPart[] {
    return this.isSourceStage(task.stage) ? this.slowerSources(task, tasks) : this.openWriters(task, tasks)
  }

  /** Sources that keep this one from closing its next hop. */
  private slowerSources(task: TaskLook, tasks: readonly TaskLook[]): MissingPart[] {
    const { topic, partition } = task.inputs.find(({ role }) => role === 'source') ?? {}
    const own = hopOf(task)
    const slowest = this.slowest(this.siblings(task, tasks))
    const isGated = own !== null && isBefore(slowest, own) && own >= slowest + this.options.hops.ahead_hops
    if (!isGated || topic === undefined || partition === undefined) return []
    return this.siblings(task, tasks)
      .filter((other) => hopOf(other) === slowest)
      .map((other) => ({ topic, partition: other.task, writer: null }))
  }

  /** Writers that have closed no hop that this task has not. */
  private openWriters(task: TaskLook, tasks: readonly TaskLook[]): MissingPart[] {
    const { stages, partitions } = this.options
    const stage = stages.find(({ name }) => name === task.stage)
    if (!stage) return []
    const inputs = inputPartitions(stage, task.task, (topic) => partitionCount(topic, partitions))
    return inputs
      .filter(({ input }) => input.role === 'hops')
      .flatMap(({ input: { topic, writers }, partition }) =>
        tasks
          .filter(
            (other) => other.stage === this.writerOf(topic)?.name && (writers === 'all' || other.task === partition),
          )
          .filter((other) => isAtMost(hopOf(other), hopOf(task)))
          .map((other) => ({ topic, partition, writer: other.task })),
      )
  }

  /** Which task a part is missing from, as `stage/task`. */
  private blocker(waiting: string, { topic, partition, writer }: MissingPart): string {
    if (writer === null) return `${waiting}/${partition}`
    return `${this.writerOf(topic)?.name}/${writer}`
  }

  /** The stage that closes hops on a topic. */
  private writerOf(topic: TopicName): Stage | undefined {
    return this.options.stages.find(({ outputs }) =>
      outputs.some((output) => output.closesHops && output.topic === topic),
    )
  }

  private blindFor({ note, isHeld }: TaskLook, now_ms: number): number | null {
    if (!note) return null
    const silence_ms = Math.max(0, now_ms - note.committed_ms)
    return isHeld === false || silence_ms > this.due_ms ? silence_ms : null
  }

  private slowest(tasks: readonly TaskLook[]): number {
    return Math.min(...tasks.map((task) => hopOf(task) ?? Number.POSITIVE_INFINITY))
  }

  private siblings(task: TaskLook, tasks: readonly TaskLook[]): TaskLook[] {
    return tasks.filter(({ stage }) => stage === task.stage)
  }

  private isSourceStage(name: string): boolean {
    const stage = this.options.stages.find((candidate) => candidate.name === name)
    return stage !== undefined && isSource(stage)
  }
}

/** Before the first commit, earlier than any; null when there are commits that do not say. */
function hopOf({ note, inputs }: TaskLook): number | null {
  if (note) return note.hop
  return inputs.some(({ role, committed }) => role !== 'table' && committed !== null) ? null : Number.NEGATIVE_INFINITY
}

/** False where either is not known. */
function isBefore(hop: number | null, other: number | null): boolean {
  return hop !== null && other !== null && hop < other
}

function isAtMost(hop: number | null, other: number | null): boolean {
  return hop !== null && other !== null && hop <= other
}

function endOfLastHop({ note }: TaskLook): number {
  return note?.event_time_ms ?? Number.NEGATIVE_INFINITY
}
