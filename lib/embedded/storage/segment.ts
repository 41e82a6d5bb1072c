import { z } from 'zod'
import { type BatchHeader, declaredSize, HEADER_BYTES, MAGIC_V2, readHeader } from '../../wire/batch-header.ts'
import type { LogSummary, StoredBatch } from '../log/batch-store.ts'
import { baseOffsetOf, magicOf } from '../log/record-batch.ts'
import type { Disk } from './disk.ts'
import { DamagedFile } from './errors.ts'
import { FRAME_HEAD_BYTES, type Frame } from './frame.ts'
import { FrameFile } from './frame-file.ts'
import { parseJson } from './json.ts'

/** A record batch as it is fetched, behind its delete horizon (epoch ms in 8 bytes, -1 for none). */
const BATCH_FRAME = 1
/** The LogSummary as JSON; the last one counts. */
const SUMMARY_FRAME = 2
const HORIZON_BYTES = 8
const NO_HORIZON = -1n

const summaryBody = z.object({
  startOffset: z.number(),
  endOffset: z.number(),
  producers: z.array(
    z.object({
      producerId: z.number(),
      epoch: z.number(),
      lastSequence: z.number(),
      recent: z.array(z.object({ baseSequence: z.number(), lastSequence: z.number(), baseOffset: z.number() })),
    }),
  ),
})

/** A batch on disk: its place and header in memory, its bytes read when they are asked for. */
export class SegmentBatch implements StoredBatch {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly header: BatchHeader
  readonly deleteHorizon_ms?: number
  readonly segment: Segment
  readonly #position: number

  constructor(batch: Omit<StoredBatch, 'bytes'>, segment: Segment, position: number) {
    this.baseOffset = batch.baseOffset
    this.lastOffset = batch.lastOffset
    this.header = batch.header
    this.deleteHorizon_ms = batch.deleteHorizon_ms
    this.segment = segment
    this.#position = position
  }

  get bytes(): Buffer {
    return this.segment.read(this.#position, this.header.size_bytes)
  }
}

/** One file of a partition's log: the batches from `baseOffset` to the base of the next file. */
export class Segment {
  readonly baseOffset: number
  readonly #file: FrameFile

  constructor(disk: Disk, path: string, baseOffset: number) {
    this.baseOffset = baseOffset
    this.#file = new FrameFile(disk, path)
  }

  get size_bytes(): number {
    return this.#file.size_bytes
  }

  get path(): string {
    return this.#file.path
  }

  /** Reads the segment; a torn last write is cut off when `log` is there to be told. Throws DamagedFile. */
  load(log: ((line: string) => void) | null): { batches: SegmentBatch[]; summary: LogSummary | null } {
    const batches: SegmentBatch[] = []
    let summary: LogSummary | null = null
    this.#file.load((frame) => {
      if (frame.kind === SUMMARY_FRAME) summary = this.#summaryIn(frame)
      else batches.push(this.#batchIn(frame))
    }, log)
    return { batches, summary }
  }

  append(batch: StoredBatch): SegmentBatch {
    const horizon = Buffer.allocUnsafe(HORIZON_BYTES)
    horizon.writeBigInt64BE(batch.deleteHorizon_ms === undefined ? NO_HORIZON : BigInt(batch.deleteHorizon_ms))
    const position = this.#file.append(BATCH_FRAME, [horizon, batch.bytes])
    return new SegmentBatch(batch, this, position + HORIZON_BYTES)
  }

  appendSummary(summary: LogSummary): void {
    this.#file.append(SUMMARY_FRAME, [Buffer.from(JSON.stringify(summary))])
  }

  read(position: number, length: number): Buffer {
    return this.#file.read(position, length)
  }

  rename(path: string): void {
    this.#file.rename(path)
  }

  sync(): void {
    this.#file.sync()
  }

  remove(): void {
    this.#file.remove()
  }

  #batchIn({ kind, body, position }: Frame): SegmentBatch {
    const bytes = body.subarray(HORIZON_BYTES)
    const isBatch =
      kind === BATCH_FRAME &&
      bytes.length >= HEADER_BYTES &&
      magicOf(bytes) === MAGIC_V2 &&
      declaredSize(bytes) === bytes.length
    if (!isBatch) throw new DamagedFile(this.path, position, 'a frame is whole and holds no record batch')
    const header = readHeader(bytes)
    const baseOffset = baseOffsetOf(bytes)
    const horizon = body.readBigInt64BE(0)
    return new SegmentBatch(
      {
        baseOffset,
        lastOffset: baseOffset + header.lastOffsetDelta,
        header,
        ...(horizon !== NO_HORIZON && { deleteHorizon_ms: Number(horizon) }),
      },
      this,
      position + FRAME_HEAD_BYTES + HORIZON_BYTES,
    )
  }

  #summaryIn({ body, position }: Frame): LogSummary {
    const summary = summaryBody.safeParse(parseJson(body.toString('utf8')))
    if (!summary.success) throw new DamagedFile(this.path, position, 'a frame is whole and holds no summary of a log')
    return summary.data
  }
}
