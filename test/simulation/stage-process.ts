import type { KafkaClient } from '../../lib/kafka/client.ts'
import type { StageSettings } from '../../lib/kafka/stage-options.ts'
import { type StageRuntime, startStage } from '../../lib/kafka/stage-runtime.ts'
import type { Stage } from '../../lib/stream/stage.ts'
import type { TopicName } from '../../schemas/topics.ts'
import { processCodec } from './codec.ts'
import { type ProcessOptions, SimulatedProcess } from './process.ts'

export interface StageProcessOptions extends ProcessOptions {
  readonly stages: readonly Stage[]
  readonly settings: StageSettings
  readonly writers: (topic: TopicName) => number
  /** The runtime under test, or one that has been broken on purpose. */
  readonly wrap?: (kafka: KafkaClient) => KafkaClient
}

/** Some stages in a process, one by one as `hydrawatch start` runs them, until one of them fails. */
export class StageProcess extends SimulatedProcess {
  readonly stages: readonly Stage[]
  readonly runtimes: StageRuntime[] = []
  private readonly options: StageProcessOptions
  private running: Promise<void> = Promise.resolve()
  private isStopping = false

  constructor(options: StageProcessOptions) {
    super(options)
    this.options = options
    this.stages = options.stages
    this.time.schedule(this.owner, 0, () => {
      this.running = this.run().catch((error: unknown) => this.exit(error))
    })
  }

  /** What is being started is stopped when it has. */
  stop(): void {
    this.time.schedule(this.owner, 0, () => {
      this.isStopping = true
      Promise.all([this.running, ...this.runtimes.map((runtime) => runtime.stop())])
        .then(() => Promise.all(this.runtimes.map((runtime) => runtime.stop())))
        .then(
          () => this.exit(null),
          (error: unknown) => this.exit(error),
        )
    })
  }

  private async run(): Promise<void> {
    const { settings, writers, wrap = (kafka) => kafka } = this.options
    const { log, time } = this
    const kafka = wrap(this.connect())
    const codec = processCodec()
    for (const stage of this.stages) {
      if (this.isStopping) return
      const now = (): number => Math.floor(time.now_ms)
      const runtime = await startStage({ stage, kafka, codec, settings, writers, log, now })
      this.runtimes.push(runtime)
      runtime.closed.catch((error: unknown) => this.exit(error))
    }
  }
}
