import { isUtf8 } from 'node:buffer'
import { GzipDamage } from './gunzip.ts'
import type { Refusal } from './reject.ts'

/** Longest line that is held, in bytes without its end. Far above any real request; one line is held at a time. */
export const LINE_BYTES_MAX = 8 * 1024 * 1024

/** A line of text, or why there is none. `number` counts from 1, empty lines included. */
export type Line = TextLine | BadLine

export interface TextLine {
  number: number
  text: string
  size_bytes: number
}

export interface BadLine {
  number: number
  text: null
  size_bytes: number
  refusal: Refusal
}

const LF = 0x0a
const CR = 0x0d
const BOM = Buffer.from([0xef, 0xbb, 0xbf])

/**
 * Splits bytes into lines, one array per chunk of bytes, so that a live pipe is not held back and a file costs no
 * promise per line. Tolerates CRLF, a byte order mark and a last line without an end. Blank lines are left out.
 *
 * A line that is not UTF-8 is refused, not repaired: replacement characters would let two different ids become one.
 * After gzip damage the unfinished last line is dropped and the damage is reported in its place.
 */
export async function* readLines(chunks: AsyncIterable<Buffer | GzipDamage>): AsyncGenerator<Line[]> {
  const splitter = new LineSplitter()
  for await (const chunk of chunks) {
    const lines = chunk instanceof GzipDamage ? splitter.breakOff(chunk) : splitter.push(chunk)
    if (lines.length > 0) yield lines
    if (chunk instanceof GzipDamage) return
  }
  const last = splitter.end()
  if (last.length > 0) yield last
}

class LineSplitter {
  private number = 1
  private pieces: Buffer[] = []
  /** Bytes of the current line so far, kept or not. */
  private size_bytes = 0

  push(chunk: Buffer): Line[] {
    const lines: Line[] = []
    let from = 0
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, from)) {
      this.keep(chunk.subarray(from, end))
      this.finish(lines)
      from = end + 1
    }
    // A copy, because the tail would otherwise pin its whole chunk, and a long line arrives in many chunks.
    if (from < chunk.length) this.keep(from === 0 ? chunk : Buffer.from(chunk.subarray(from)))
    return lines
  }

  end(): Line[] {
    const lines: Line[] = []
    if (this.size_bytes > 0) this.finish(lines)
    return lines
  }

  breakOff(damage: GzipDamage): Line[] {
    const detail = 'the compressed stream ends or breaks in this line; every line before it was read'
    return [
      { number: this.number, text: null, size_bytes: this.size_bytes, refusal: { reason: damage.reason, detail } },
    ]
  }

  private keep(piece: Buffer): void {
    this.size_bytes += piece.length
    // One byte more for the CR of a CRLF.
    if (this.size_bytes > LINE_BYTES_MAX + 1) this.pieces = []
    else this.pieces.push(piece)
  }

  private finish(lines: Line[]): void {
    const line = decode(this.number, this.pieces, this.size_bytes)
    if (line !== null) lines.push(line)
    this.number += 1
    this.pieces = []
    this.size_bytes = 0
  }
}

function decode(number: number, pieces: Buffer[], received_bytes: number): Line | null {
  if (received_bytes > LINE_BYTES_MAX + 1) return tooLong(number, received_bytes)
  let bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
  if (bytes[bytes.length - 1] === CR) bytes = bytes.subarray(0, -1)
  if (number === 1 && bytes.subarray(0, 3).equals(BOM)) bytes = bytes.subarray(3)
  if (bytes.length > LINE_BYTES_MAX) return tooLong(number, bytes.length)
  if (!isUtf8(bytes)) {
    const refusal: Refusal = { reason: 'invalid_utf8', detail: 'the line is not valid UTF-8' }
    return { number, text: null, size_bytes: bytes.length, refusal }
  }
  const text = bytes.toString('utf8')
  return text.trim() === '' ? null : { number, text, size_bytes: bytes.length }
}

function tooLong(number: number, size_bytes: number): BadLine {
  const detail = `the line has ${size_bytes} bytes; at most ${LINE_BYTES_MAX} are read`
  return { number, text: null, size_bytes, refusal: { reason: 'line_too_long', detail } }
}
