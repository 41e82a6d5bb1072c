import { StateFormUnknown } from '../../lib/ops/errors.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { addPacked, type PanePlace, writePane } from './packed-pane.ts'
import { type Pane, PaneSum } from './pane.ts'
import { readWords, Words } from './words.ts'

/** Version of what is inside a block, in its first byte. */
export const BLOCK_FORM = 2

const HEADER_BYTES = 8
// Below the megabyte that a broker takes in one piece, with the largest pane (about 3 kB) to spare.
const PANES_BYTES_MAX = 700_000
const ACCOUNTS_MAX = 20_000

/**
 * The panes of many accounts for one stretch of time, as they stand in the changelog, which is how they stay in memory:
 * form and count, then account numbers in ascending order, then where each pane ends (all uint32, little-endian), then
 * the panes, then the words that they share. Never changed. At some 250 bytes a pane an object for each would cost more than the pane does.
 */
export class PaneBlock {
  readonly bytes: Buffer
  private readonly numbers: Uint32Array
  private readonly ends: Uint32Array
  private readonly base: number
  private readonly words: readonly string[]

  /** `bytes` is kept. Its memory must begin at a multiple of four. */
  constructor(bytes: Buffer) {
    const count = bytes.readUInt32LE(4)
    this.bytes = bytes
    this.numbers = new Uint32Array(bytes.buffer, bytes.byteOffset + HEADER_BYTES, count)
    this.ends = new Uint32Array(bytes.buffer, bytes.byteOffset + HEADER_BYTES + 4 * count, count)
    this.base = HEADER_BYTES + 8 * count
    this.words = readWords(new ByteReader(bytes, this.endAt(count - 1)))
  }

  /** Takes a block from the changelog. Throws when it has another form. */
  static decode(bytes: Buffer): PaneBlock {
    if (bytes[0] !== BLOCK_FORM)
      throw new StateFormUnknown(
        `fingerprints.state has panes of form ${bytes[0]}, this version reads ${BLOCK_FORM}; start the version that wrote it`,
      )
    const own = Buffer.allocUnsafeSlow(bytes.length)
    bytes.copy(own)
    return new PaneBlock(own)
  }

  get length(): number {
    return this.numbers.length
  }

  numberAt(index: number): number {
    return this.numbers[index]!
  }

  placeAt(index: number): PanePlace {
    return { bytes: this.bytes, begin: this.endAt(index - 1), words: this.words }
  }

  /** Bytes of a pane. */
  sizeAt(index: number): number {
    return this.endAt(index) - this.endAt(index - 1)
  }

  /** The pane of an account; null when it has none here. */
  find(number: number): PanePlace | null {
    const { numbers } = this
    let low = 0
    let high = numbers.length - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (numbers[middle]! < number) low = middle + 1
      else high = middle
    }
    return numbers[low] === number ? this.placeAt(low) : null
  }

  /** The same without some accounts, and without words that only they used; itself when it has none of them, null when nothing is left. */
  without(numbers: ReadonlySet<number>): PaneBlock | null {
    if (!this.numbers.some((number) => numbers.has(number))) return this
    const draft = new BlockDraft()
    const sum = new PaneSum()
    for (let index = 0; index < this.length; index++) {
      if (numbers.has(this.numberAt(index))) continue
      sum.clear()
      addPacked(this.placeAt(index), sum)
      draft.add(this.numberAt(index), sum.finish())
    }
    return draft.finish()[0] ?? null
  }

  private endAt(index: number): number {
    return this.base + (index < 0 ? 0 : this.ends[index]!)
  }
}

/** Collects panes in any order of accounts, each account once, and cuts them into blocks that a broker takes. */
export class BlockDraft {
  private readonly writer = new ByteWriter()
  private readonly words = new Words()
  private readonly numbers: number[] = []
  private readonly begins: number[] = []

  add(number: number, pane: Pane): void {
    this.numbers.push(number)
    this.begins.push(this.writer.length)
    writePane(this.writer, this.words, pane)
  }

  /** The blocks in order of account numbers, each as large as may be; none when nothing was begun. Empties the draft. */
  finish(): PaneBlock[] {
    const { numbers, begins, writer, words } = this
    const panesEnd = writer.length
    words.writeAll(writer)
    const order = numbers.map((_, index) => index).sort((a, b) => numbers[a]! - numbers[b]!)
    const endOf = (index: number) => begins[index + 1] ?? panesEnd
    const blocks: PaneBlock[] = []
    let from = 0
    let size = 0
    for (let to = 0; to <= order.length; to++) {
      const next = to < order.length ? endOf(order[to]!) - begins[order[to]!]! : 0
      if (to === order.length || size + next > PANES_BYTES_MAX || to - from === ACCOUNTS_MAX) {
        if (to > from) blocks.push(this.cut(order.slice(from, to), size, endOf, panesEnd))
        from = to
        size = 0
      }
      size += next
    }
    this.numbers.length = 0
    this.begins.length = 0
    writer.length = 0
    words.clear()
    return blocks
  }

  /** `size`: bytes of the panes in `order`. The words stand in the writer from `panesEnd` on. */
  private cut(order: readonly number[], size: number, endOf: (index: number) => number, panesEnd: number): PaneBlock {
    const { bytes: written, length } = this.writer
    const count = order.length
    const bytes = Buffer.allocUnsafeSlow(HEADER_BYTES + 8 * count + size + length - panesEnd)
    bytes.writeUInt32LE(BLOCK_FORM, 0)
    bytes.writeUInt32LE(count, 4)
    const base = HEADER_BYTES + 8 * count
    let end = 0
    for (const [place, index] of order.entries()) {
      end += written.copy(bytes, base + end, this.begins[index]!, endOf(index))
      bytes.writeUInt32LE(this.numbers[index]!, HEADER_BYTES + 4 * place)
      bytes.writeUInt32LE(end, HEADER_BYTES + 4 * (count + place))
    }
    written.copy(bytes, base + end, panesEnd, length)
    return new PaneBlock(bytes)
  }
}
