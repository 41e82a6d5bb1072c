import { setTimeout } from 'node:timers/promises'
import { openPublisher } from '../../lib/kafka/publisher.ts'
import { HOP_MS } from '../integration/runtime/toy.ts'
import { processCodec } from './codec.ts'
import { type ProcessOptions, SimulatedProcess } from './process.ts'
import type { Workload } from './workload.ts'

export interface PublishingProcessOptions extends ProcessOptions {
  readonly workload: Workload
  /** Portions to leave out: a predecessor has sent them. */
  readonly from: number
  /** Between portions, on average; 0 for a backlog. */
  readonly gap_ms: number
  /** So many portions are acknowledged. */
  readonly onPublished: (portions: number) => void
  /** The input is complete, and closed if it is to be. */
  readonly onComplete: () => void
}

/** Hops beyond the last that the end of the input cuts. */
const CLOSED_BEYOND = 3

/** A producer that sends portions of requests one after the other. */
export class PublishingProcess extends SimulatedProcess {
  private readonly options: PublishingProcessOptions
  private isStopping = false

  constructor(options: PublishingProcessOptions) {
    super(options)
    this.options = options
    this.time.schedule(this.owner, 0, () => {
      this.run().then(
        () => this.exit(null),
        (error: unknown) => this.exit(error),
      )
    })
  }

  /** It ends after the portion that it is sending. */
  stop(): void {
    this.isStopping = true
  }

  private async run(): Promise<void> {
    const { workload, from, gap_ms, onPublished, onComplete } = this.options
    const { partitions, portions, lastHop, silence_ms } = workload
    const kafka = this.connect()
    const codec = processCodec()
    const publisher = await openPublisher({ kafka, codec, prefix: '', partitions, topics: ['requests'] })
    for (const [index, portion] of portions.entries()) {
      if (index < from) continue
      if (this.isStopping) break
      await publisher.publish(portion.map((value) => ({ topic: 'requests', key: value.account_id, value })))
      onPublished(index + 1)
      if (gap_ms > 0) await setTimeout(Math.random() * 2 * gap_ms)
    }
    if (!this.isStopping) {
      if (silence_ms === 0) await publisher.closeInput((lastHop + CLOSED_BEYOND) * HOP_MS)
      onComplete()
    }
    await publisher.close()
  }
}
