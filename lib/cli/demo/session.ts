import { setTimeout as after } from 'node:timers/promises'
import { STAGE_NAMES } from '../../../consumers/pipeline.ts'
import { sampleTraffic } from '../../../producers/sample/traffic.ts'
import type { Alert } from '../../../schemas/types.ts'
import { alertLine } from '../../alerts/alert-line.ts'
import { AlertStream } from '../../alerts/alert-stream.ts'
import { openPublisher } from '../../kafka/publisher.ts'
import { followTopic } from '../../kafka/reader.ts'
import { hopOf } from '../../stream/hop.ts'
import type { Cluster } from '../cluster.ts'
import type { CliContext } from '../command.ts'
import { closingWatermark_ms, feed, PRODUCED_TOPICS } from '../feed.ts'
import { sketchKeys } from '../pipeline.ts'
import type { Config } from '../settings-schema.ts'
import { type RunningStages, startStages } from '../stages.ts'
import { HopDelay } from './hop-delay.ts'
import { sampleIntake } from './sample-intake.ts'
import { openSavedFiles } from './saved-files.ts'
import { judge, type Verdict } from './verdict.ts'

export interface DemoResult {
  readonly events: number
  readonly seconds: number
  readonly alerts: readonly Alert[]
  readonly verdicts: readonly Verdict[]
  readonly delay: HopDelay
}

export interface DemoSession {
  readonly stages: RunningStages
  /** Feeds the sample traffic and resolves when its last hop has passed every stage. */
  feedSample(seed: number, saveFolder: string | null): Promise<DemoResult>
  stop(): Promise<void>
}

// The sample is written no faster than the stages follow: what is measured is then the way of a hop through them, and not
// how long it waited in a backlog of our own making.
const HOPS_AHEAD_MAX = 6
const PACE_MS = 200

/** All stages in this process on a cluster, with a reader of their alerts. */
export async function openDemo(
  context: CliContext,
  config: Config,
  cluster: Cluster,
  onAlert: (alert: Alert) => void,
): Promise<DemoSession> {
  const delay = new HopDelay()
  const reached = new Map<string, number>()
  let wake = () => {}
  const { prefix, partitions } = config.topics
  const stages = await startStages(context, config, cluster, STAGE_NAMES, {
    onHop(committed) {
      delay.note(committed)
      reached.set(committed.stage, committed.hop)
      wake()
    },
  })
  let failure: { error: unknown } | null = null
  stages.closed.catch((error: unknown) => {
    failure = { error }
    wake()
  })
  const alerts: Alert[] = []
  const stream = new AlertStream()
  const reader = await followTopic({
    kafka: cluster.kafka,
    codec: cluster.codec,
    prefix,
    topic: 'alerts',
    onRecord({ value, hop }) {
      for (const alert of stream.add(value, hop?.last ?? false)) {
        alerts.push(alert)
        onAlert(alert)
      }
    },
  }).catch(async (error: unknown) => {
    await stages.stop()
    throw error
  })

  /** Ends the feeding and the waiting when there is nobody left to do it for. */
  function refuseToGoOn(): void {
    context.signal.throwIfAborted()
    if (failure) throw failure.error
  }

  async function hasPassed(hop: number): Promise<void> {
    const last = STAGE_NAMES.at(-1) ?? ''
    await new Promise<void>((resolve, reject) => {
      wake = () => {
        try {
          refuseToGoOn()
          if ((reached.get(last) ?? -1) >= hop) resolve()
        } catch (error) {
          reject(error)
        }
      }
      context.signal.addEventListener('abort', () => wake(), { once: true })
      wake()
    })
    await reader.caughtUp()
  }

  // A partition that nothing is written to holds every hop back, so waiting ends when nothing moves.
  async function keepPace(writtenHop: number): Promise<void> {
    const last = STAGE_NAMES.at(-1) ?? ''
    for (let before = -1; ; ) {
      const now = reached.get(last) ?? 0
      if (writtenHop - now <= HOPS_AHEAD_MAX || now === before) return
      before = now
      await after(PACE_MS)
    }
  }

  return {
    stages,
    async feedSample(seed, saveFolder) {
      const { events, labels } = sampleTraffic({ seed })
      const files = await openSavedFiles(saveFolder)
      const started_ms = performance.now()
      const publisher = await openPublisher({
        kafka: cluster.kafka,
        codec: cluster.codec,
        prefix,
        partitions,
        topics: PRODUCED_TOPICS,
        acceptFutureAfter_ms: Date.now,
      })
      try {
        const chunks = sampleIntake(events, sketchKeys(config), files.events.write)
        const counts = await feed(chunks, publisher, async ({ records, end_time_ms }) => {
          refuseToGoOn()
          await files.events.drained()
          context.out.progress(() => `${records} events written, ${alerts.length} alert revisions`)
          if (end_time_ms !== null) await keepPace(hopOf(end_time_ms, config.hops.length_ms))
        })
        const end_time_ms = counts.end_time_ms ?? 0
        await publisher.closeInput(closingWatermark_ms(end_time_ms, config.hops))
        context.out.endProgress()
        context.out.progress(() => `${counts.records} events written, waiting for the last hop`)
        await hasPassed(hopOf(end_time_ms, config.hops.length_ms))
        const seconds = (performance.now() - started_ms) / 1000
        for (const alert of alerts) files.alerts.write(alertLine(alert))
        for (const label of labels) files.labels.write(JSON.stringify(label))
        return { events: counts.records, seconds, alerts, verdicts: judge(alerts, labels), delay }
      } finally {
        await publisher.close()
        await files.close()
      }
    },
    async stop() {
      await reader.stop()
      await stages.stop()
    },
  }
}
