import { StateFormUnknown } from '../../lib/ops/errors.ts'
import { ByteReader, ByteWriter } from './bytes.ts'

/** Version of what is inside a block of heads, its first number. */
export const HEADS_FORM = 2

// As with panes: below the megabyte that a broker takes in one piece, with the largest head (about 2 kB) to spare.
const BLOCK_BYTES_MAX = 700_000
const GONE = 0
const KEPT = 1

/** One entry of a block: an account that is gone, or one whose packed columns and head begin at `at`. */
export interface HeadEntry {
  readonly account_id: string
  /** Null: the account is gone. */
  readonly head: ByteReader | null
}

/** Writes entries one behind the other, and cuts them into blocks that a broker takes. */
export class HeadBlockDraft {
  private readonly writer = new ByteWriter()
  private readonly blocks: Buffer[] = []

  /** Says that an account is gone. */
  gone(account_id: string): void {
    this.begin()
    this.writer.number(GONE)
    this.writer.text(account_id)
  }

  /** Says what an account is; `write` packs it. */
  kept(account_id: string, write: (to: ByteWriter) => void): void {
    this.begin()
    this.writer.number(KEPT)
    this.writer.text(account_id)
    write(this.writer)
  }

  /** The blocks, none when nothing was said. Empties the draft. */
  finish(): Buffer[] {
    this.cut()
    return this.blocks.splice(0)
  }

  private begin(): void {
    if (this.writer.length > BLOCK_BYTES_MAX) this.cut()
    if (this.writer.length === 0) this.writer.number(HEADS_FORM)
  }

  private cut(): void {
    const { bytes, length } = this.writer
    if (length === 0) return
    this.blocks.push(Buffer.from(bytes.subarray(0, length)))
    // It names accounts, and would wait here for a longer block.
    bytes.fill(0, 0, length)
    this.writer.length = 0
  }
}

/** The entries of a block from the changelog. The head of each must be read before the next entry is asked for. */
export function* readHeadBlock(bytes: Buffer): Generator<HeadEntry> {
  const from = new ByteReader(bytes, 0)
  const form = from.number()
  if (form !== HEADS_FORM) {
    throw new StateFormUnknown(
      `fingerprints.state has heads of form ${form}, this version reads ${HEADS_FORM}; start the version that wrote it`,
    )
  }
  while (from.at < bytes.length) {
    const isKept = from.number() === KEPT
    const account_id = from.text()
    yield { account_id, head: isKept ? from : null }
  }
}
