import type { Detector } from '../../consumers/detectors/kit.ts'
import { detectorsStage } from '../../consumers/detectors/stage.ts'
import { pipelineStages } from '../../consumers/pipeline.ts'
import { alertLine } from '../../lib/alerts/alert-line.ts'
import { AlertStream } from '../../lib/alerts/alert-stream.ts'
import { type Config, settingsSchema } from '../../lib/cli/settings-schema.ts'
import { Driver } from '../../lib/stream/driver.ts'
import type { OutputRecord, RejectedRecord } from '../../lib/stream/record.ts'
import { readRecord } from '../../producers/intake/contract.ts'
import { createEdge, type TopicRecord } from '../../producers/intake/edge.ts'
import type { Refusal } from '../../producers/intake/reject.ts'
import type { Alert, Decision } from '../../schemas/types.ts'

/** A configuration section by section, as a file would have it. */
export type SettingsInput = Readonly<Record<string, unknown>>

export function settingsOf(input: SettingsInput = {}): Config {
  return settingsSchema.parse(input)
}

const KEYS = {
  content: { epoch: 1, secret: Buffer.from('content secret of the topology tests') },
  infrastructure: { secret: Buffer.from('infrastructure secret of the topology tests') },
}

/** Takes CONTRACT objects through the real edge, text to sketches, as the intake would. */
export function throughEdge(events: Iterable<unknown>): { records: TopicRecord[]; refusals: Refusal[] } {
  const edge = createEdge({ keys: KEYS })
  const records: TopicRecord[] = []
  const refusals: Refusal[] = []
  for (const event of events) {
    const input = readRecord(event)
    const output = 'reason' in input ? input : edge(input)
    if ('reason' in output) refusals.push(output)
    else records.push(output)
  }
  return { records, refusals }
}

export interface TopologyOptions {
  readonly settings?: SettingsInput
  readonly partitions?: number
  /** Instead of those of the registry. */
  readonly detectors?: readonly Detector[]
}

export interface TopologyRun {
  /** Whole alert revisions in CONTRACT's order. */
  readonly alerts: Alert[]
  /** The same as CONTRACT lines. */
  readonly lines: string[]
  /** Every record of the decisions topic, tombstones as null. */
  readonly decisions: { readonly account_id: string; readonly decision: Decision | null }[]
  readonly outputs: { readonly stage: string; readonly record: OutputRecord }[]
  readonly rejected: RejectedRecord[]
  readonly refusals: Refusal[]
  readonly counters: Record<string, Record<string, number>>
}

/** Runs CONTRACT objects through the edge and the whole pipeline in memory, to the end of the input. */
export function runTopology(events: Iterable<unknown>, options: TopologyOptions = {}): TopologyRun {
  const { records, refusals } = throughEdge(events)
  return { ...runRecords(records, options), refusals }
}

/** Runs records that have passed the edge. */
export function runRecords(records: Iterable<TopicRecord>, options: TopologyOptions = {}): TopologyRun {
  const settings = settingsOf(options.settings)
  const stream = new AlertStream()
  const alerts: Alert[] = []
  const decisions: TopologyRun['decisions'] = []
  const outputs: TopologyRun['outputs'] = []
  const rejected: RejectedRecord[] = []
  const { detectors } = options
  const stages = pipelineStages(settings, 'hash-of-the-tests').map((stage) =>
    detectors && stage.name === 'detectors' ? detectorsStage(detectors, settings.detectors) : stage,
  )
  const driver = new Driver({
    stages,
    partitions: options.partitions ?? 1,
    hops: settings.hops,
    onOutput(stage, record) {
      outputs.push({ stage, record })
      if (record.topic === 'alerts') alerts.push(...stream.add(record.value as Alert | null, record.hop?.last ?? false))
      if (record.topic === 'decisions')
        decisions.push({ account_id: record.key, decision: record.value as Decision | null })
    },
    onRejected: (_, record) => rejected.push(record),
  })
  for (const { topic, key, value } of records) driver.pipe(topic, key, value)
  driver.finish()
  return {
    alerts,
    lines: alerts.map(alertLine),
    decisions,
    outputs,
    rejected,
    refusals: [],
    counters: driver.counters(),
  }
}

/** Values of one topic, closes without a value left out. */
export function valuesOf<Topic extends OutputRecord['topic']>(
  run: TopologyRun,
  topic: Topic,
): NonNullable<Extract<OutputRecord['value'], object>>[] {
  return run.outputs.flatMap(({ record }) => (record.topic === topic && record.value ? [record.value] : []))
}

/** The last revision of each alert. */
export function lastRevisions(alerts: readonly Alert[]): Alert[] {
  return [...new Map(alerts.map((alert) => [alert.alert_id, alert])).values()]
}

/** Every account that any revision accused. */
export function everAccused(alerts: readonly Alert[]): Set<string> {
  return new Set(alerts.flatMap(({ accounts }) => accounts.map(({ account_id }) => account_id)))
}
