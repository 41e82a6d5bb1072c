import { type StageRuntime, startStage } from '../kafka/stage-runtime.ts'
import type { CommittedHop } from '../kafka/task-status.ts'
import type { Stage } from '../stream/stage.ts'
import { writerCount } from '../stream/topology.ts'
import type { Cluster } from './cluster.ts'
import type { CliContext } from './command.ts'
import { stagesOf } from './pipeline.ts'
import type { Config } from './settings-schema.ts'

/** Stages that run in this process. */
export interface RunningStages {
  readonly runtimes: readonly StageRuntime[]
  /** Rejects when one of them must end the process; resolves when all have stopped. */
  readonly closed: Promise<void>
  stop(): Promise<void>
}

/** Who wants to see the stages at work. */
export interface StageObserver {
  /** A stage has been started. */
  watch?(stage: StageRuntime): void
  onHop?(hop: CommittedHop): void
}

/** Starts the named stages, downstream first, so that nothing waits for a reader. */
export async function startStages(
  context: CliContext,
  config: Config,
  cluster: Cluster,
  names: readonly string[],
  observer: StageObserver = {},
): Promise<RunningStages> {
  const all = stagesOf(config)
  const chosen = all.filter(({ name }) => names.includes(name))
  const runtimes: StageRuntime[] = []
  const stop = async () => {
    // All at a time: a platform counts its grace period from the signal, however many stages the process runs.
    await Promise.all(runtimes.map((runtime) => runtime.stop()))
  }
  try {
    for (const stage of [...chosen].reverse()) {
      const runtime = await startStage(optionsOf(context, config, cluster, all, stage, observer))
      runtimes.push(runtime)
      observer.watch?.(runtime)
    }
  } catch (error) {
    await stop()
    throw error
  }
  return { runtimes, closed: Promise.all(runtimes.map(({ closed }) => closed)).then(() => undefined), stop }
}

function optionsOf(
  context: CliContext,
  { kafka: { session_timeout_ms: sessionTimeout_ms, group_instance_id, outage_max_ms }, topics, hops }: Config,
  { kafka, codec }: Cluster,
  all: readonly Stage[],
  stage: Stage,
  observer: StageObserver,
) {
  return {
    stage,
    kafka,
    codec,
    settings: {
      prefix: topics.prefix,
      partitions: topics.partitions,
      hops,
      sessionTimeout_ms,
      groupInstanceId: group_instance_id === '' ? null : group_instance_id,
      outage_max_ms,
    },
    writers: (topic: Parameters<typeof writerCount>[1]) => writerCount(all, topic, topics.partitions),
    log: ({
      level,
      message,
      fields,
    }: {
      level: 'debug' | 'info' | 'warn' | 'error'
      message: string
      fields: object
    }) => context.log[level](fields, message),
    now: Date.now,
    onHop: (hop: CommittedHop) => observer.onHop?.(hop),
  }
}
