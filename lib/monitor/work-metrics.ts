import { type MetricDefinition, type Sample, taskCounter, taskCounts } from './metric-definition.ts'

// Longest first: `no_hit` ends in `hit`.
const DETECTOR_OUTCOMES = ['insufficient_data', 'no_hit', 'snoozed', 'error', 'hit']

/** What the tasks have done since they became ours. */
export const WORK_METRICS: readonly MetricDefinition[] = [
  {
    kind: 'counter',
    name: 'rebalances_total',
    help: 'Joins of the group.',
    labels: ['stage'],
    *sample({ status: { stage, generation } }) {
      yield { labels: { stage }, value: generation }
    },
  },
  taskCounter('hops_total', 'Hops closed.', ({ hops }) => hops),
  taskCounter(
    'records_in_total',
    'Records read, those read again after a restore included.',
    (task) => task.records_in,
  ),
  taskCounter(
    'transactions_total',
    'Transactions committed; catching up, several hops share one.',
    (task) => task.transactions,
  ),
  taskCounter(
    'transactions_failed_total',
    'Failures after which a task was restored.',
    (task) => task.transactions_failed,
  ),
  taskCounter('restores_total', 'Restores finished.', ({ restores }) => restores),
  taskCounter(
    'restore_records_total',
    'Records of the changelog that restores read back.',
    (task) => task.restored_records,
  ),
  taskCounter('restore_seconds_total', 'Time that restores took.', ({ restore_ms }) => restore_ms / 1_000),
  taskCounter(
    'gap_records_total',
    'Records that retention deleted before they were read.',
    (task) => task.records_missed,
  ),
  taskCounts(
    'gauge',
    'changelog_gap_offsets',
    'Offsets missing at the beginning of the changelog at the last restore: state that is lost.',
    [],
    ({ changelog_missed }) => [{ labels: {}, value: changelog_missed }],
  ),
  taskCounts(
    'counter',
    'records_out_total',
    'Records written, by topic; changelogs, cuts and records that only close a hop included.',
    ['topic'],
    ({ written }) => [...written].map(([topic, { records }]) => ({ labels: { topic }, value: records })),
  ),
  taskCounts('counter', 'written_bytes_total', 'Bytes of the values written, by topic.', ['topic'], ({ written }) =>
    [...written].map(([topic, { bytes }]) => ({ labels: { topic }, value: bytes })),
  ),
  taskCounts('counter', 'dead_letters_total', 'Records that could not be used, by reason.', ['reason'], (task) =>
    [...task.dead_letter_reasons].map(([reason, value]) => ({ labels: { reason }, value })),
  ),
  taskCounts(
    'counter',
    'detector_results_total',
    'Evaluations of fingerprints, by detector and outcome.',
    ['detector', 'outcome'],
    ({ processor }, stage) => (stage === 'detectors' ? detectorResults(processor) : []),
  ),
  taskCounts('counter', 'alerts_total', 'Revisions of alerts raised.', [], ({ processor }, stage) =>
    stage === 'campaigns' ? [{ labels: {}, value: processor.alerts ?? 0 }] : [],
  ),
  taskCounts(
    'gauge',
    'processor_count',
    'What the processor of a task counts, since it was made, or holds, by name.',
    ['name'],
    ({ processor }) => Object.entries(processor).map(([name, value]) => ({ labels: { name }, value })),
  ),
]

function detectorResults(processor: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(processor).flatMap(([name, value]) => {
    const outcome = DETECTOR_OUTCOMES.find((candidate) => name.endsWith(`_${candidate}`))
    if (outcome === undefined) return []
    return [{ labels: { detector: name.slice(0, -outcome.length - 1), outcome }, value }]
  })
}
