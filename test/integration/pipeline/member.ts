import { STAGE_NAMES } from '../../../consumers/pipeline.ts'
import type { Codec } from '../../../lib/avro/codec.ts'
import { createContext } from '../../../lib/cli/context.ts'
import { startStages } from '../../../lib/cli/stages.ts'
import type { KafkaClient } from '../../../lib/kafka/client.ts'
import type { StageRuntime } from '../../../lib/kafka/stage-runtime.ts'
import { capturedIo } from '../../unit/cli/captured-io.ts'
import type { Deployment } from './deployment.ts'

export interface MemberOptions {
  /** @default all five */
  readonly stages?: readonly string[]
  /** Less than the settings allow, where a test waits for its end. @default as in the settings */
  readonly sessionTimeout_ms?: number
  /** Puts something between the stages and their broker. */
  readonly kafka?: (kafka: KafkaClient) => KafkaClient
  /** Puts something between the stages and what they read. */
  readonly codec?: (codec: Codec) => Codec
}

/** Stages of a deployment as one more process would run them, in this one. */
export interface Member {
  readonly runtimes: readonly StageRuntime[]
  /** Rejects when one of the stages would end the process. */
  readonly closed: Promise<void>
  runtime(stage: string): StageRuntime
  /** How many of its tasks are at work. */
  running(): number
  /** How often it wrote a log line. */
  logged(message: string): number
  stop(): Promise<void>
}

export async function startMember(
  { env, config, cluster }: Pick<Deployment, 'env' | 'config' | 'cluster'>,
  options: MemberOptions = {},
): Promise<Member> {
  const { stages = STAGE_NAMES, sessionTimeout_ms = config.kafka.session_timeout_ms } = options
  const { kafka = (client) => client, codec = (plain) => plain } = options
  const io = capturedIo(env)
  const context = createContext(io, new AbortController().signal, {}, false)
  const settings = { ...config, kafka: { ...config.kafka, session_timeout_ms: sessionTimeout_ms } }
  const between = { ...cluster, kafka: kafka(cluster.kafka), codec: codec(cluster.codec) }
  // At a time: each of them waits for the other members of its group.
  const starts = await Promise.allSettled(stages.map((stage) => startStages(context, settings, between, [stage])))
  const started = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []))
  const failed = starts.find((start) => start.status === 'rejected')
  if (failed) {
    // One that is left in its group would hold tasks for good.
    await Promise.all(started.map((stage) => stage.stop()))
    throw failed.reason
  }
  const runtimes = started.flatMap((stage) => stage.runtimes)
  const closed = Promise.all(started.map((stage) => stage.closed)).then(() => undefined)
  closed.catch(() => undefined)
  return {
    runtimes,
    closed,
    stop: async () => void (await Promise.all(started.map((stage) => stage.stop()))),
    runtime: (stage) => runtimes.find((runtime) => runtime.status().stage === stage)!,
    running: () =>
      runtimes.flatMap((runtime) => runtime.status().tasks.filter(({ state }) => state === 'running')).length,
    logged: (message) => io.err().split(`"msg":"${message}"`).length - 1,
  }
}
