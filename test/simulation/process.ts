import { createKafka, type KafkaClient } from '../../lib/kafka/client.ts'
import { BrokerUnavailable } from '../../lib/kafka/errors.ts'
import type { Log } from '../../lib/kafka/log.ts'
import type { Network } from './network.ts'
import type { Owner, VirtualTime } from './virtual-time.ts'

export interface ProcessOptions {
  readonly name: string
  readonly time: VirtualTime
  readonly network: Network
  readonly log: Log
  /** Called once when the process ends by itself or has stopped; null for an orderly end. */
  readonly onExit: (error: unknown) => void
}

/** One process of a deployment, from its start until it ends, fails or is killed. */
export abstract class SimulatedProcess {
  readonly owner: Owner
  hasExited = false
  protected readonly time: VirtualTime
  protected readonly log: Log
  private readonly network: Network
  private readonly onExit: (error: unknown) => void

  constructor({ name, time, network, log, onExit }: ProcessOptions) {
    this.owner = { name, state: 'up' }
    this.time = time
    this.network = network
    this.log = log
    this.onExit = onExit
  }

  get isUp(): boolean {
    return this.owner.state === 'up' && !this.hasExited
  }

  /** Neither ended nor killed; it may be paused. */
  get isThere(): boolean {
    return this.owner.state !== 'dead' && !this.hasExited
  }

  /** SIGTERM. */
  abstract stop(): void

  /** SIGKILL: nothing runs any more. `isSilent`: the machine is gone too, and nobody closes its connections. */
  kill(isSilent: boolean): void {
    if (this.hasExited) return
    this.hasExited = true
    this.owner.state = 'dead'
    this.network.abandon(this.owner, isSilent)
  }

  protected connect(): KafkaClient {
    const { owner, log, network } = this
    return createKafka({
      brokers: ['broker:9092'],
      clientId: owner.name,
      log,
      socketFactory: network.socketFactory(owner),
    })
  }

  protected exit(error: unknown): void {
    if (this.hasExited) return
    this.hasExited = true
    this.owner.state = 'dead'
    this.network.abandon(this.owner, false)
    this.onExit(error)
  }
}

/** What a process may end with by its contract, to be started again by whoever runs it. */
export function isExcused(error: unknown): boolean {
  return error === null || error instanceof BrokerUnavailable
}
