import { createKafka, type KafkaClient } from '../../lib/kafka/client.ts'
import { BrokerUnavailable } from '../../lib/kafka/errors.ts'
import type { Log } from '../../lib/kafka/log.ts'
import { type StageRuntime, type StageSettings, startStage } from '../../lib/kafka/stage-runtime.ts'
import type { Stage } from '../../lib/stream/stage.ts'
import type { TopicName } from '../../schemas/topics.ts'
import { processCodec } from './codec.ts'
import type { Network } from './network.ts'
import type { Owner, VirtualTime } from './virtual-time.ts'

export interface ProcessOptions {
  readonly name: string
  readonly time: VirtualTime
  readonly network: Network
  readonly stages: readonly Stage[]
  readonly settings: StageSettings
  readonly writers: (topic: TopicName) => number
  readonly log: Log
  /** The runtime under test, or one that has been broken on purpose. */
  readonly wrap?: (kafka: KafkaClient) => KafkaClient
  /** Called once when the process ends by itself or has stopped; null for an orderly end. */
  readonly onExit: (error: unknown) => void
}

/** One process of a deployment: some stages, one by one as `hydrawatch start` runs them, until one of them fails. */
export class SimulatedProcess {
  readonly owner: Owner
  readonly stages: readonly Stage[]
  readonly runtimes: StageRuntime[] = []
  private readonly options: ProcessOptions
  private running: Promise<void> = Promise.resolve()
  private isStopping = false
  hasExited = false

  constructor(options: ProcessOptions) {
    this.options = options
    this.owner = { name: options.name, state: 'up' }
    this.stages = options.stages
    options.time.schedule(this.owner, 0, () => {
      this.running = this.run().catch((error: unknown) => this.exit(error))
    })
  }

  get isUp(): boolean {
    return this.owner.state === 'up' && !this.hasExited
  }

  /** SIGTERM: what is being started is stopped when it has. */
  stop(): void {
    this.options.time.schedule(this.owner, 0, () => {
      this.isStopping = true
      Promise.all([this.running, ...this.runtimes.map((runtime) => runtime.stop())])
        .then(() => Promise.all(this.runtimes.map((runtime) => runtime.stop())))
        .then(
          () => this.exit(null),
          (error: unknown) => this.exit(error),
        )
    })
  }

  /** SIGKILL: nothing runs any more. `isSilent`: the machine is gone too, and nobody closes its connections. */
  kill(isSilent: boolean): void {
    if (this.hasExited) return
    this.hasExited = true
    this.owner.state = 'dead'
    this.options.network.abandon(this.owner, isSilent)
  }

  private async run(): Promise<void> {
    const { network, log, stages, settings, writers, time, wrap = (kafka) => kafka } = this.options
    const kafka = wrap(
      createKafka({
        brokers: ['broker:9092'],
        clientId: this.owner.name,
        log,
        socketFactory: network.socketFactory(this.owner),
      }),
    )
    const codec = processCodec()
    for (const stage of stages) {
      if (this.isStopping) return
      const now = (): number => Math.floor(time.now_ms)
      const runtime = await startStage({ stage, kafka, codec, settings, writers, log, now })
      this.runtimes.push(runtime)
      runtime.closed.catch((error: unknown) => this.exit(error))
    }
  }

  private exit(error: unknown): void {
    if (this.hasExited) return
    this.hasExited = true
    this.owner.state = 'dead'
    this.options.network.abandon(this.owner, false)
    this.options.onExit(error)
  }
}

/** What a process may end with by its contract, to be started again by whoever runs it. */
export function isExcused(error: unknown): boolean {
  return error === null || error instanceof BrokerUnavailable
}
