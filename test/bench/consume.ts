import type { KafkaMessage } from 'kafkajs'
import { stagesOf } from '../../lib/cli/pipeline.ts'
import type { Config } from '../../lib/cli/settings-schema.ts'
import { startStage } from '../../lib/kafka/stage-runtime.ts'
import type { StageCounters } from '../../lib/kafka/stage-status.ts'
import { writerCount } from '../../lib/stream/topology.ts'
import type { BenchCluster } from './bench-cluster.ts'
import { type Measured, startClock } from './measure.ts'

/** Reads `requests` with kafkajs alone, from the first batch on, and counts; `withDecode` also decodes each value. */
export async function consumeRequests(
  { kafka, codec, prefix }: BenchCluster,
  requests: number,
  withDecode: boolean,
): Promise<Measured> {
  // The same wait as a stage has; the limits in bytes are kafkajs's own, which are the stage's, too.
  const consumer = kafka.consumer({ groupId: `bench-${withDecode ? 'decode' : 'count'}`, maxWaitTimeInMs: 300 })
  let stopClock: ReturnType<typeof startClock> | null = null
  let seen = 0
  const countOne = ({ value }: KafkaMessage): void => {
    if (value === null) return
    if (withDecode && codec.decode('requests', value).value === null) throw new Error('a request could not be decoded')
    seen++
  }
  try {
    await consumer.connect()
    await consumer.subscribe({ topics: [`${prefix}requests`], fromBeginning: true })
    return await new Promise<Measured>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
      consumer
        .run({
          autoCommit: false,
          eachBatch: async ({ batch }) => {
            if (withDecode && stopClock === null) await codec.prepareRecords(batch.messages.map(({ value }) => value))
            stopClock ??= startClock()
            for (const message of batch.messages) countOne(message)
            if (seen >= requests) resolve(stopClock(seen))
          },
        })
        .catch(reject)
    })
  } finally {
    await consumer.disconnect()
  }
}

/**
 * Runs the fingerprints stage over everything in `requests`, with its changelog, outputs and transactions: from the first
 * batch that is read to the commit of `lastHop` by every task.
 */
export async function runFingerprints(
  { kafka, codec, prefix, partitions }: BenchCluster,
  config: Config,
  requests: number,
  lastHop: number,
): Promise<Measured & { readonly counters: StageCounters }> {
  const stages = stagesOf(config)
  const stage = stages.find(({ name }) => name === 'fingerprints')
  if (!stage) throw new Error('the pipeline has no stage named fingerprints')
  let stopClock: ReturnType<typeof startClock> | null = null
  let open = partitions
  let done = () => {}
  const finished = new Promise<void>((resolve) => {
    done = resolve
  })
  const runtime = await startStage({
    stage,
    kafka,
    codec: {
      ...codec,
      // Asked once for each batch, so it shows the first one and costs nothing.
      isPrepared(records) {
        stopClock ??= startClock()
        return codec.isPrepared(records)
      },
    },
    settings: { prefix, partitions, hops: { ...config.hops, silence_ms: 0 } },
    writers: (topic) => writerCount(stages, topic, partitions),
    log: () => undefined,
    now: Date.now,
    onHop({ hop }) {
      if (hop === lastHop) open--
      if (open === 0) done()
    },
  })
  try {
    await Promise.race([finished, runtime.closed])
    if (stopClock === null) throw new Error('the stage stopped before it had read anything')
    const measured: Measured = (stopClock as ReturnType<typeof startClock>)(requests)
    const counters = runtime.counters()
    if (counters.processor.requests !== requests) {
      throw new Error(`the stage counted ${counters.processor.requests} of ${requests} requests`)
    }
    return { ...measured, counters }
  } finally {
    await runtime.stop()
  }
}
