import { LAG_STATES } from '../stream/lag-state.ts'
import { inputGauge, type MetricDefinition, taskEnum, taskGauge } from './metric-definition.ts'

/** How far the tasks are, what state that is, and for whom they wait. */
export const LAG_METRICS: readonly MetricDefinition[] = [
  inputGauge(
    'consumer_lag_records',
    'Records behind the committed offset. A stage that keeps up stands at the records of the open hop, not at 0.',
    ({ lag }) => lag,
  ),
  inputGauge(
    'unread_records',
    'Records that have not been read yet; 0 for a stage that keeps up.',
    ({ unread }) => unread,
  ),
  taskGauge('event_time_lag_seconds', 'Age of the end of the last closed hop.', (task) =>
    inSeconds(task.eventTimeLag_ms),
  ),
  taskGauge('watermark_seconds', 'End of the last closed hop, seconds since the epoch.', (task) =>
    inSeconds(task.hopEnd_ms),
  ),
  taskGauge('last_commit_seconds', 'When this process last committed a hop, seconds since the epoch.', (task) =>
    inSeconds(task.lastCommit_ms),
  ),
  taskGauge('buffered_records', 'Records of hops that are not complete.', ({ buffered }) => buffered),
  taskEnum('lag_state', '1 for the state that a task is in, 0 for the others.', LAG_STATES, ({ lagState }) => lagState),
  taskEnum(
    'task_state',
    '1 for what a task does, 0 for the rest.',
    ['assigned', 'restoring', 'running'],
    ({ state }) => state,
  ),
  {
    kind: 'gauge',
    name: 'waits_for_task',
    help: '1 for each task that has not closed the hop that this one needs next; `upstream` is its number.',
    labels: ['stage', 'partition', 'topic', 'upstream'],
    *sample({ status: { stage }, tasks }) {
      for (const { task, missing } of tasks) {
        const upstreams = new Map(
          missing.map(({ topic, partition, writer }) => [
            `${topic}/${writer ?? partition}`,
            { topic, upstream: writer ?? partition },
          ]),
        )
        for (const { topic, upstream } of upstreams.values()) {
          yield { labels: { stage, partition: String(task), topic, upstream: String(upstream) }, value: 1 }
        }
      }
    },
  },
  {
    kind: 'gauge',
    name: 'source_behind_hops',
    help: 'Hops that a source has closed less than the furthest one; the others wait when it is `hops.ahead_hops` behind.',
    labels: ['partition'],
    *sample({ status: { behind } }) {
      for (const { partition, hops } of behind) yield { labels: { partition: String(partition) }, value: hops }
    },
  },
  taskGauge(
    'restore_remaining_offsets',
    'Offsets of the changelog still to be read; only while a task restores.',
    ({ restore }) => restore?.remaining ?? null,
  ),
  taskGauge(
    'restore_read_records',
    'Records of the changelog read so far; only while a task restores.',
    ({ restore }) => restore?.records ?? null,
  ),
  taskGauge(
    'restore_read_bytes',
    'Bytes of the changelog read so far; only while a task restores.',
    ({ restore }) => restore?.bytes ?? null,
  ),
  taskGauge(
    'restore_accounts',
    'Accounts in the state restored so far; only while a task of a stage that keeps accounts restores.',
    ({ restore }) => restore?.accounts ?? null,
  ),
  {
    kind: 'gauge',
    name: 'broker_silence_seconds',
    help: 'Since the broker last answered a heartbeat or a fetch.',
    labels: ['stage'],
    *sample({ status: { stage, lastHeard_ms } }, now_ms) {
      yield { labels: { stage }, value: Math.max(0, now_ms - lastHeard_ms) / 1_000 }
    },
  },
]

function inSeconds(time_ms: number | null): number | null {
  return time_ms === null ? null : time_ms / 1_000
}
