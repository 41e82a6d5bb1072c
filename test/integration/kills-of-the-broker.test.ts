import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ErrorCode } from '../../lib/embedded/protocol/error-codes.ts'
import { createRandom } from '../../producers/sample/random.ts'
import { type BrokerProcess, startBrokerProcess } from '../helpers/broker-process.ts'
import { committedOffsets, createTopic, kafkaClient, readTopic } from '../helpers/kafka-client.ts'
import { isBuilt } from '../helpers/program.ts'
import { connectRaw, type RawClient } from '../helpers/raw-client.ts'
import {
  addOffsets,
  addPartition,
  commitOffsetInTransaction,
  endTransaction,
  type Identity,
  initProducer,
  produce,
} from '../helpers/raw-requests.ts'
import { encodeBatch } from '../helpers/record-batches.ts'
import { waitFor } from '../helpers/wait-for.ts'
import { committedThrough, expectSums, finish, Harness, publishRequests, requestsOf } from './runtime/harness.ts'
import { countingStage, summingStage } from './runtime/toy.ts'

// HYDRAWATCH_KILLS sets a longer count, and HYDRAWATCH_SEED another choice of moments.
const KILLS = Number(process.env.HYDRAWATCH_KILLS ?? 5)
const SEED = Number(process.env.HYDRAWATCH_SEED ?? 1)
const WRITERS = 3
const RECORDS_PER_TRANSACTION = 3

// Its own processes, whatever broker the other tests talk to.
const mayRun = !process.env.KAFKA_BROKERS && isBuilt()

let folder: string
let broker: BrokerProcess
beforeEach(async () => {
  if (!mayRun) return
  folder = mkdtempSync(join(tmpdir(), 'hydrawatch-kills-'))
  broker = await startBrokerProcess(folder)
})
afterEach(async () => {
  if (!mayRun) return
  await broker.end('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

async function killAndRestart(): Promise<void> {
  await broker.end('SIGKILL')
  broker = await startBrokerProcess(folder, broker)
}

/** Writes transactions one after the other, every third of them aborted, and knows what it was told about each. */
class Writer {
  readonly topic: string
  readonly id: string
  /** Numbers of transactions whose commit was acknowledged. */
  readonly committed = new Set<number>()
  /** Those whose commit was asked for, and the answer never came. */
  readonly unanswered = new Set<number>()
  /** An owner of the transactional id that was succeeded, in every life of the broker. */
  readonly fenced: Identity[] = []
  #number = 0

  constructor(topic: string, id: string) {
    this.topic = topic
    this.id = id
  }

  /** Writes until the broker is gone. */
  async write(address: string): Promise<void> {
    const raw = await connectRaw(address)
    try {
      this.fenced.push(await initProducer(raw, this.id))
      const identity = await initProducer(raw, this.id)
      for (let sequence = 0; ; sequence += RECORDS_PER_TRANSACTION) await this.#transact(raw, identity, sequence)
    } catch (error) {
      if (!(error instanceof Error && /closed the connection/.test(error.message))) throw error
    } finally {
      raw.close()
    }
  }

  async #transact(raw: RawClient, identity: Identity, baseSequence: number): Promise<void> {
    const number = this.#number++
    const isCommit = number % 3 !== 2
    const records = encodeBatch({
      records: Array.from({ length: RECORDS_PER_TRANSACTION }, () => ({
        timestamp_ms: Date.now(),
        value: `${number}`,
      })),
      producerId: identity.producerId,
      producerEpoch: identity.epoch,
      baseSequence,
      isTransactional: true,
    })
    const answers = [
      await addPartition(raw, this.id, identity, this.topic),
      (await produce(raw, this.topic, records, { transactionalId: this.id })).errorCode,
      await addOffsets(raw, this.id, identity, this.id),
      await commitOffsetInTransaction(raw, this.id, identity, { groupId: this.id, topic: this.topic, offset: number }),
    ]
    if (isCommit) this.unanswered.add(number)
    answers.push(await endTransaction(raw, this.id, identity, isCommit))
    expect(answers).toEqual(answers.map(() => ErrorCode.NONE))
    if (!isCommit) return
    this.unanswered.delete(number)
    this.committed.add(number)
  }
}

test.runIf(mayRun)(
  `${KILLS} times kill -9 of the broker under transactional load, seed ${SEED}: every acknowledged record and offset is there, no other`,
  async () => {
    const random = createRandom(`kills of the broker ${SEED}`)
    const kafka = kafkaClient([broker.brokers])
    const admin = kafka.admin()
    await admin.connect()
    const writers: Writer[] = []
    for (let index = 0; index < WRITERS; index++) writers.push(new Writer(await createTopic(admin), `writer-${index}`))
    const committedInAll = () => writers.reduce((sum, { committed }) => sum + committed.size, 0)

    for (let kill = 0; kill < KILLS; kill++) {
      const before = committedInAll()
      const writing = Promise.all(writers.map((writer) => writer.write(broker.brokers)))
      await waitFor('some commits', () => committedInAll() > before + WRITERS)
      await pause(random.between(0, 100))
      await killAndRestart()
      await writing
    }

    const raw = await connectRaw(broker.brokers)
    for (const writer of writers) {
      for (const fenced of writer.fenced) {
        expect(await addPartition(raw, writer.id, fenced, writer.topic)).toBe(ErrorCode.INVALID_PRODUCER_EPOCH)
      }
      // A successor ends what is open, as it does after any crash of a writer.
      const identity = await initProducer(raw, writer.id)
      await addPartition(raw, writer.id, identity, writer.topic)
      const last = { records: [{ timestamp_ms: Date.now(), value: 'last' }], baseSequence: 0, isTransactional: true }
      const records = encodeBatch({ ...last, producerId: identity.producerId, producerEpoch: identity.epoch })
      await produce(raw, writer.topic, records, { transactionalId: writer.id })
      await endTransaction(raw, writer.id, identity, true)

      const read = await readTopic(kafka, writer.topic, (all) =>
        all.some(({ message }) => String(message.value) === 'last'),
      )
      const numbers = read
        .map(({ message }) => String(message.value))
        .slice(0, -1)
        .map(Number)
      const seen = new Set(numbers)
      expect(numbers).toEqual([...seen].flatMap((number) => Array(RECORDS_PER_TRANSACTION).fill(number)))
      expect([...seen].sort((a, b) => a - b)).toEqual([...seen])
      expect([...writer.committed].filter((number) => !seen.has(number))).toEqual([])
      expect([...seen].filter((number) => !writer.committed.has(number) && !writer.unanswered.has(number))).toEqual([])
      expect(await committedOffsets(admin, writer.id, writer.topic)).toEqual([String(Math.max(...seen))])
    }
    raw.close()
    await admin.disconnect()
  },
  60_000 + KILLS * 20_000,
)

test.runIf(mayRun)(
  'stages that run while their broker is killed and comes back count every request once',
  async () => {
    const harness = new Harness()
    const cluster = await harness.cluster(2, {
      brokers: [broker.brokers],
      registryUrl: broker.registryUrl,
      kind: 'embedded',
      registryKind: 'embedded',
      compactNow: null,
      closedConnections: null,
      brokerControl: null,
      registryControl: null,
      nodes: null,
      close: async () => undefined,
    })
    try {
      const sum = await harness.start(cluster, summingStage, 2)
      const count = await harness.start(cluster, countingStage(), 2)
      const publisher = await harness.publisher(cluster, 2)
      const requests = [1_000, 1_010, 1_020].map((hop) => requestsOf(hop, 2_000))
      for (const [round, some] of requests.entries()) {
        await publishRequests(publisher, some)
        await committedThrough(count, 1_002 + 10 * round)
        await killAndRestart()
      }
      await finish(publisher, sum, 1_029)
      await expectSums(cluster, 1_029, requests.flat())
    } finally {
      await harness.close()
    }
  },
  120_000,
)
