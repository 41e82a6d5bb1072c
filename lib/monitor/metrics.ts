import prom from 'prom-client'
import type { CommittedHop } from '../kafka/task-status.ts'
import { LAG_METRICS } from './lag-metrics.ts'
import { METRIC_PREFIX, type MetricDefinition } from './metric-definition.ts'
import type { StageView } from './stage-view.ts'
import { WORK_METRICS } from './work-metrics.ts'

// A hop of a busy task takes some tens of milliseconds, an empty one less than one; a transaction on three brokers some tens.
const DURATION_BUCKETS_S = [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

const PROCESS_DURATION = `${METRIC_PREFIX}hop_process_duration_seconds`
const TRANSACTION_DURATION = `${METRIC_PREFIX}transaction_duration_seconds`

/** The metrics of one process in Prometheus' text format. */
export class Metrics {
  private readonly registry = new prom.Registry()
  private readonly sampled: { definition: MetricDefinition; metric: prom.Gauge | prom.Counter }[]
  private readonly process_s: prom.Histogram
  private readonly transaction_s: prom.Histogram

  /** `withNode` adds Node's own (`process_…`, `nodejs_…`), under the names that dashboards know. */
  constructor(options: { readonly withNode: boolean }) {
    const registers = [this.registry]
    if (options.withNode) prom.collectDefaultMetrics({ register: this.registry })
    this.sampled = [...LAG_METRICS, ...WORK_METRICS].map((definition) => {
      const { kind, name, help, labels } = definition
      const settings = { name: METRIC_PREFIX + name, help, labelNames: [...labels], registers }
      return { definition, metric: kind === 'gauge' ? new prom.Gauge(settings) : new prom.Counter(settings) }
    })
    const durations = { labelNames: ['stage'], buckets: DURATION_BUCKETS_S, registers }
    this.process_s = new prom.Histogram({
      name: PROCESS_DURATION,
      help: 'What the processor took for a hop.',
      ...durations,
    })
    this.transaction_s = new prom.Histogram({
      name: TRANSACTION_DURATION,
      help: 'What the transaction took that committed one hop or several.',
      ...durations,
    })
  }

  get contentType(): string {
    return this.registry.contentType
  }

  observe({ stage, process_ms, transaction_ms }: CommittedHop): void {
    this.process_s.observe({ stage }, process_ms / 1_000)
    if (transaction_ms !== null) this.transaction_s.observe({ stage }, transaction_ms / 1_000)
  }

  /** Everything as of now. A task that has left takes its series along; what it counted starts anew where it went. */
  async text(views: readonly StageView[], now_ms: number): Promise<string> {
    for (const { definition, metric } of this.sampled) {
      metric.reset()
      for (const view of views) {
        for (const { labels, value } of definition.sample(view, now_ms)) metric.inc(labels, value)
      }
    }
    return this.registry.metrics()
  }

  /** Names of our metrics as samples bear them, with their labels. */
  labels(): Map<string, readonly string[]> {
    const sampled = this.sampled.map(({ definition: { name, labels } }) => [METRIC_PREFIX + name, labels] as const)
    const durations = [PROCESS_DURATION, TRANSACTION_DURATION].flatMap((name) =>
      ['_bucket', '_sum', '_count'].map((suffix) => [name + suffix, ['stage']] as const),
    )
    return new Map([...sampled, ...durations])
  }

  close(): void {
    this.registry.clear()
  }
}
