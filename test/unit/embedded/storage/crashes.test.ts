import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openBrokerState } from '../../../../lib/embedded/broker-state.ts'
import { acceptBatch } from '../../../../lib/embedded/log/incoming-batch.ts'
import type { PartitionLog } from '../../../../lib/embedded/log/partition-log.ts'
import { baseOffsetOf } from '../../../../lib/embedded/log/record-batch.ts'
import type { BrokerState } from '../../../../lib/embedded/request.ts'
import { Disk } from '../../../../lib/embedded/storage/disk.ts'
import { FileStorage } from '../../../../lib/embedded/storage/file-storage.ts'
import { declaredSize, readHeader } from '../../../../lib/wire/batch-header.ts'
import { encodeBatch } from '../../../helpers/record-batches.ts'
import { CrashingDisk, Killed } from './crashing-disk.ts'

const root = mkdtempSync(join(tmpdir(), 'hydrawatch-crashes-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const TOPICS = ['left', 'right']
const GROUP = 'group'
const ID = 'writer'
const NOW_MS = 1_700_000_000_000
const TRANSACTIONS = 5

/** What the writer was told, by number of the transaction. */
interface Told {
  readonly committed: number[]
  /** The transaction whose commit was under way. */
  unanswered: number | null
}

function open(folder: string, disk: Disk): BrokerState {
  return openBrokerState({ storage: new FileStorage({ disk, folder, log: () => undefined }), clock: () => NOW_MS })
}

/** Transactions over two topics and a group's offset, the third aborted, a compaction in between. */
function work({ topics, transactions }: BrokerState, told: Told): void {
  for (const topic of TOPICS) if (!topics.get(topic)) topics.create(topic, 1, new Map([['cleanup.policy', 'compact']]))
  const identity = transactions.initialise(ID, 60_000)
  const logs = TOPICS.map((topic) => topics.partition(topic, 0))
  for (let number = 0; number < TRANSACTIONS; number++) {
    const bytes = encodeBatch({
      // A key of its own keeps each in the compacted log.
      records: [{ key: `${number}`, value: `${number}`, timestamp_ms: NOW_MS }],
      producerId: identity.producerId,
      producerEpoch: identity.epoch,
      baseSequence: number,
      isTransactional: true,
    })
    transactions.addPartitions(ID, identity, logs)
    for (const [index, log] of logs.entries())
      log.append(acceptBatch(bytes, topics.rulesOf(TOPICS[index] ?? ''), NOW_MS))
    transactions.addOffsets(ID, identity, GROUP)
    const offsets = [{ topic: 'left', partition: 0, offset: number, metadata: null }]
    transactions.stageOffsets(ID, identity, GROUP, offsets)
    const isCommit = number !== 2
    if (isCommit) told.unanswered = number
    transactions.end(ID, identity, isCommit)
    if (isCommit) told.committed.push(number)
    told.unanswered = null
    if (number === 3) topics.clean(NOW_MS)
  }
}

/** Numbers of the transactions that a reader of committed records sees in a partition. */
function visibleIn(log: PartitionLog): number[] {
  const limits = { bytes_max: 1 << 20, isReadCommitted: true, atLeastOneBatch: true }
  const { buffers, aborted } = log.read(log.startOffset, limits)
  return buffers.flatMap((batch) => {
    expect(declaredSize(batch)).toBe(batch.length)
    const { isControl, producerId, baseSequence } = readHeader(batch)
    const offset = baseOffsetOf(batch)
    const isAborted = (aborted ?? []).some(
      (range) => range.producerId === producerId && range.firstOffset <= offset && offset < range.lastOffset,
    )
    return isControl || isAborted ? [] : [baseSequence]
  })
}

describe('a broker that is killed', () => {
  test('at any file operation has every acknowledged transaction, whole, with its offset, and none that was not asked for', () => {
    let isDone = false
    let kills = 0
    for (; !isDone; kills++) {
      const folder = join(root, String(kills))
      mkdirSync(folder)
      const told: Told = { committed: [], unanswered: null }
      try {
        work(open(folder, new CrashingDisk(kills, (kills % 5) / 4)), told)
        isDone = true
      } catch (error) {
        if (!(error instanceof Killed)) throw error
      }
      const state = open(folder, new Disk())
      // The successor of the writer ends what is open.
      state.transactions.initialise(ID, 60_000)
      const seen = TOPICS.map((topic) => (state.topics.get(topic) ? visibleIn(state.topics.partition(topic, 0)) : []))
      const [left = []] = seen
      const maySee =
        told.unanswered === null ? [told.committed] : [told.committed, [...told.committed, told.unanswered]]
      expect(seen).toEqual([left, left])
      expect(maySee).toContainEqual(left)
      expect(state.groups.find(GROUP)?.offsets.get('left', 0)?.offset).toBe(left.at(-1))
      for (const topic of state.topics.all()) {
        for (const log of topic.partitions) expect(log.lastStableOffset).toBe(log.endOffset)
      }
      state.groups.close()
      state.transactions.close()
      rmSync(folder, { recursive: true, force: true })
    }
    // Some of the kills met each of the five transactions.
    expect(kills).toBeGreaterThan(10 * TRANSACTIONS)
  })
})
