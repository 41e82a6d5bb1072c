import { ByteReader, ByteWriter } from '../../../consumers/fingerprints/bytes.ts'
import { readHeadBlock } from '../../../consumers/fingerprints/head-block.ts'
import { writeHead } from '../../../consumers/fingerprints/packed-head.ts'
import { readTotals } from '../../../consumers/fingerprints/packed-pane.ts'
import { PaneBlock } from '../../../consumers/fingerprints/pane-block.ts'
import type { ChangelogEntry } from '../../../lib/stream/processor.ts'
import type { FingerprintState } from '../../../schemas/types.ts'

/** Bytes of single accounts: head and panes as they are packed. */
export interface Sizes {
  readonly largest_bytes: number
  /** Of those with at most 64 requests in all. */
  readonly largest_light_bytes: number
}

const LIGHT_REQUESTS_MAX = 64

/** Follows the changelog of a processor, whose blocks of panes are those that it holds, so that this costs next to nothing. */
export class AccountSizes {
  private readonly blocks = new Map<string, Buffer>()
  private readonly heads: Uint32Array
  private readonly writer = new ByteWriter()

  /** `numbers_max`: no account has a larger number. */
  constructor(numbers_max: number) {
    this.heads = new Uint32Array(numbers_max + 1)
  }

  take(changes: readonly ChangelogEntry[]): void {
    for (const { key, value } of changes) {
      const { block, head, heads } = (value ?? {}) as Partial<FingerprintState>
      if (block) this.blocks.set(key, block.panes)
      else this.blocks.delete(key)
      if (heads) this.takeHeads(heads.entries)
      if (!head) continue
      this.writer.length = 0
      writeHead(this.writer, head)
      this.heads[head.number] = this.writer.length
    }
  }

  private takeHeads(entries: Buffer): void {
    for (const { head } of readHeadBlock(entries)) {
      if (head === null) continue
      const number = head.number()
      readTotals(head)
      this.heads[number] = head.block().length
    }
  }

  largest(): Sizes {
    const bytes = this.heads.slice()
    const requests = new Float64Array(bytes.length)
    for (const panes of this.blocks.values()) {
      const block = PaneBlock.decode(panes)
      for (let at = 0; at < block.length; at++) {
        const { begin } = block.placeAt(at)
        const number = block.numberAt(at)
        bytes[number] = (bytes[number] ?? 0) + block.sizeAt(at)
        const total = readTotals(new ByteReader(block.bytes, begin)).requests
        requests[number] = Math.max(requests[number] ?? 0, total)
      }
    }
    let largest_bytes = 0
    let largest_light_bytes = 0
    for (const [number, size] of bytes.entries()) {
      largest_bytes = Math.max(largest_bytes, size)
      if (requests[number]! <= LIGHT_REQUESTS_MAX) largest_light_bytes = Math.max(largest_light_bytes, size)
    }
    return { largest_bytes, largest_light_bytes }
  }
}
