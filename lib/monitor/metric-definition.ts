import type { StageCounters } from '../kafka/stage-status.ts'
import type { InputView, StageView, TaskView } from './stage-view.ts'

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** One metric that is read from the stages when somebody asks. No label ever holds the id of an account. */
export interface MetricDefinition {
  readonly kind: 'gauge' | 'counter'
  /** After the prefix; the unit stands at the end. */
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  readonly sample: (view: StageView, now_ms: number) => Iterable<Sample>
}

export const METRIC_PREFIX = 'hydrawatch_'

type CountersOfTask = StageCounters['tasks'][number]

/** One value for each input partition of each task; none where it is not known. */
export function inputGauge(name: string, help: string, read: (input: InputView) => number | null): MetricDefinition {
  return {
    kind: 'gauge',
    name,
    help,
    labels: ['stage', 'topic', 'partition'],
    *sample({ status: { stage }, tasks }) {
      for (const input of tasks.flatMap(({ inputs }) => inputs)) {
        const value = read(input)
        const { topic, partition } = input
        if (value !== null) yield { labels: { stage, topic, partition: String(partition) }, value }
      }
    },
  }
}

/** One value for each task; none where it is not known. `partition` is the number of the task. */
export function taskGauge(name: string, help: string, read: (task: TaskView) => number | null): MetricDefinition {
  return {
    kind: 'gauge',
    name,
    help,
    labels: ['stage', 'partition'],
    *sample({ status: { stage }, tasks }) {
      for (const task of tasks) {
        const value = read(task)
        if (value !== null) yield { labels: { stage, partition: String(task.task) }, value }
      }
    },
  }
}

/** A state as Prometheus knows one: 1 for the state that a task is in, 0 for the others. */
export function taskEnum(
  name: string,
  help: string,
  states: readonly string[],
  read: (task: TaskView) => string,
): MetricDefinition {
  return {
    kind: 'gauge',
    name,
    help,
    labels: ['stage', 'partition', 'state'],
    *sample({ status: { stage }, tasks }) {
      for (const task of tasks) {
        const current = read(task)
        for (const state of states) {
          yield { labels: { stage, partition: String(task.task), state }, value: state === current ? 1 : 0 }
        }
      }
    },
  }
}

/** One count for each task. */
export function taskCounter(name: string, help: string, read: (task: CountersOfTask) => number): MetricDefinition {
  return {
    kind: 'counter',
    name,
    help,
    labels: ['stage', 'partition'],
    *sample({ status: { stage }, counters }) {
      for (const task of counters.tasks) yield { labels: { stage, partition: String(task.task) }, value: read(task) }
    },
  }
}

/** Several counts for each task, told apart by further labels. */
export function taskCounts(
  kind: MetricDefinition['kind'],
  name: string,
  help: string,
  labels: readonly string[],
  read: (task: CountersOfTask, stage: string) => Iterable<Sample>,
): MetricDefinition {
  return {
    kind,
    name,
    help,
    labels: ['stage', 'partition', ...labels],
    *sample({ status: { stage }, counters }) {
      for (const task of counters.tasks) {
        for (const { labels: own, value } of read(task, stage)) {
          yield { labels: { stage, partition: String(task.task), ...own }, value }
        }
      }
    },
  }
}
