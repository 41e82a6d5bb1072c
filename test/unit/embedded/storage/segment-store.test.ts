import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type BatchStore, MemoryBatchStore, type StoredBatch } from '../../../../lib/embedded/log/batch-store.ts'
import { stampOffset } from '../../../../lib/embedded/log/record-batch.ts'
import { Disk } from '../../../../lib/embedded/storage/disk.ts'
import { DamagedFile } from '../../../../lib/embedded/storage/errors.ts'
import { SegmentStore } from '../../../../lib/embedded/storage/segment-store.ts'
import { readHeader } from '../../../../lib/wire/batch-header.ts'
import { encodeBatch } from '../../../helpers/record-batches.ts'
import { CrashingDisk, Killed } from './crashing-disk.ts'

// Two or three of the batches below.
const SEGMENT_BYTES_MAX = 200

let root: string
let runs = 0
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hydrawatch-segments-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const freshFolder = () => join(root, String(runs++))

function open(folder: string, disk = new Disk(), log: (line: string) => void = () => undefined): SegmentStore {
  return new SegmentStore({ disk, folder, log, segmentBytes_max: SEGMENT_BYTES_MAX })
}

type Step =
  | { readonly do: 'append'; readonly records: number; readonly horizon_ms?: number }
  | { readonly do: 'drop'; readonly share: number }
  | { readonly do: 'compact'; readonly keep: number }

const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('append' as const),
        records: fc.integer({ min: 1, max: 3 }),
        horizon_ms: fc.option(fc.integer({ min: 0, max: 1e12 }), { nil: undefined }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('drop' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('compact' as const), keep: fc.nat() }) },
  ),
  { maxLength: 25 },
)

/** Does the same to any store; what it does depends on the store's content and the step alone. */
function apply(store: BatchStore, step: Step): void {
  const all = Array.from({ length: store.length }, (_, index) => store.at(index))
  const startOffset = store.summary?.startOffset ?? 0
  const endOffset = Math.max(store.summary?.endOffset ?? 0, (all.at(-1)?.lastOffset ?? -1) + 1)
  const producers = [{ producerId: endOffset, epoch: 0, lastSequence: 1, recent: [] }]
  if (step.do === 'append') {
    store.append(batchAt(endOffset, step.records, step.horizon_ms))
  } else if (step.do === 'drop') {
    const keepFrom = Math.round(step.share * store.length)
    store.dropHead(keepFrom, { startOffset: all[keepFrom]?.baseOffset ?? endOffset, endOffset, producers })
  } else {
    // As compaction does, some batches go, some change, and the newest stays.
    const kept = all.flatMap((batch, index) => {
      if (index < all.length - 1 && (step.keep >> (index % 16)) % 2 === 0) return []
      return index % 3 === 0 ? [batchAt(batch.baseOffset, batch.lastOffset - batch.baseOffset + 1, 7)] : [batch]
    })
    if (kept.length > 0) store.replaceAll(kept, { startOffset, endOffset, producers })
  }
}

function batchAt(baseOffset: number, records: number, deleteHorizon_ms?: number): StoredBatch {
  const bytes = encodeBatch({ records: Array.from({ length: records }, (_, i) => ({ value: `${baseOffset + i}` })) })
  stampOffset(bytes, baseOffset)
  const lastOffset = baseOffset + records - 1
  return {
    baseOffset,
    lastOffset,
    bytes,
    header: readHeader(bytes),
    ...(deleteHorizon_ms !== undefined && { deleteHorizon_ms }),
  }
}

function batchesOf(store: BatchStore) {
  return Array.from({ length: store.length }, (_, index) => {
    const { baseOffset, lastOffset, bytes, header, deleteHorizon_ms } = store.at(index)
    return { baseOffset, lastOffset, bytes: bytes.toString('hex'), header, deleteHorizon_ms }
  })
}

const contentOf = (store: BatchStore) => ({
  batches: batchesOf(store),
  size_bytes: store.size_bytes,
  summary: store.summary,
})

describe('a partition on disk', () => {
  test('holds what the same partition holds in memory, now and after it is opened again', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const folder = freshFolder()
        const [store, model] = [open(folder), new MemoryBatchStore()]
        for (const step of sequence) {
          apply(store, step)
          apply(model, step)
        }
        expect(contentOf(store)).toEqual(contentOf(model))
        expect(contentOf(open(folder))).toEqual(contentOf(model))
      }),
      { numRuns: 40 },
    )
  })

  test('killed at any operation, torn write included, is as before or after the change that was under way', () => {
    fc.assert(
      fc.property(
        steps,
        fc.nat({ max: 60 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (sequence, changes, share) => {
          const folder = freshFolder()
          const model = new MemoryBatchStore()
          const allowed = [batchesOf(model)]
          try {
            const store = open(folder, new CrashingDisk(changes, share))
            for (const step of sequence) {
              apply(model, step)
              allowed.push(batchesOf(model))
              apply(store, step)
              allowed.shift()
            }
          } catch (error) {
            if (!(error instanceof Killed)) throw error
          }
          // Killed once more while it recovers.
          try {
            open(folder, new CrashingDisk(changes % 4, share))
          } catch (error) {
            if (!(error instanceof Killed)) throw error
          }
          const survivor = open(folder)
          expect(allowed).toContainEqual(batchesOf(survivor))
          // And it goes on from there.
          apply(survivor, { do: 'append', records: 1 })
          expect(batchesOf(open(folder))).toEqual(batchesOf(survivor))
        },
      ),
      { numRuns: 100 },
    )
  })

  test('says how many bytes of a torn write it cut off, and where', () => {
    const folder = freshFolder()
    apply(open(folder), { do: 'append', records: 1 })
    const path = join(folder, '00000000000000000000.log')
    const size_bytes = readFileSync(path).length
    appendFileSync(path, readFileSync(path).subarray(0, 20))
    const lines: string[] = []
    const store = open(folder, new Disk(), (line) => lines.push(line))
    expect(store.length).toBe(1)
    expect(lines).toEqual([`cut 20 bytes of a write that was not finished off ${path} at byte ${size_bytes}`])
    expect(readFileSync(path).length).toBe(size_bytes)
  })

  test('is refused when a byte in its middle has changed, when a file is missing, and when a file that others follow is cut off', () => {
    const folder = freshFolder()
    const store = open(folder)
    for (let count = 0; count < 12; count++) apply(store, { do: 'append', records: 2 })
    const names = readdirSync(folder).sort()
    expect(names.length).toBeGreaterThan(3)
    const damage = (name: string, change: (path: string, bytes: Buffer) => void) => {
      const path = join(folder, name)
      const bytes = readFileSync(path)
      change(path, Buffer.from(bytes))
      let refusal: unknown
      try {
        open(folder)
      } catch (error) {
        refusal = error
      }
      writeFileSync(path, bytes)
      expect(refusal).toBeInstanceOf(DamagedFile)
      return (refusal as DamagedFile).message
    }
    expect(
      damage(names[1] ?? '', (path, bytes) => {
        bytes[40] = (bytes[40] ?? 0) ^ 1
        writeFileSync(path, bytes)
      }),
    ).toMatch(/ is damaged at byte 0: .* Put back a copy of the data folder/)
    expect(damage(names[1] ?? '', (path) => rmSync(path))).toMatch(/a file is missing/)
    expect(damage(names[0] ?? '', (path) => rmSync(path))).toMatch(/a file is missing/)
    expect(damage(names[1] ?? '', (path, bytes) => truncateSync(path, bytes.length - 1))).toMatch(
      /another file follows/,
    )
    expect(open(folder).length).toBe(12)
  })

  test('gives back the disk of what was dropped and compacted away', () => {
    const folder = freshFolder()
    const store = open(folder)
    for (let count = 0; count < 12; count++) apply(store, { do: 'append', records: 2 })
    apply(store, { do: 'compact', keep: 0 })
    expect(readdirSync(folder)).toEqual(['00000000000000000000.log', '00000000000000000024.log'])
    expect(readFileSync(join(folder, '00000000000000000000.log')).length).toBeLessThan(SEGMENT_BYTES_MAX)
    apply(store, { do: 'drop', share: 1 })
    expect(readdirSync(folder)).toEqual(['00000000000000000024.log'])
  })
})
