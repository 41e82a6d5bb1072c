import type { IHeaders } from 'kafkajs'
import type { HopHeader } from '../stream/record.ts'

// Headers carry decimal text, so that any console client shows them.
const HOP = 'hop'
const WRITER = 'writer'
const LAST = 'last'
const WATERMARK = 'watermark_ms'
const ACCEPT_LATE = 'accept_late'
const ACCEPT_FUTURE = 'accept_future'

/** Headers of a record that belongs to a hop. */
export function hopHeaders({ hop, writer, last }: HopHeader): Record<string, string> {
  return { [HOP]: String(hop), [WRITER]: String(writer), [LAST]: last ? '1' : '0' }
}

/** What a record's headers say about its hop; null when they don't, or not in numbers. */
export function readHopHeaders(headers: IHeaders | undefined): HopHeader | null {
  const hop = readInteger(headers?.[HOP])
  const writer = readInteger(headers?.[WRITER])
  if (hop === null || writer === null) return null
  return { hop, writer, last: readInteger(headers?.[LAST]) === 1 }
}

/** Headers of the marker by which a producer promises that nothing older will follow. */
export function watermarkHeaders(watermark_ms: number): Record<string, string> {
  return { [WATERMARK]: String(watermark_ms) }
}

/** The promise that a marker carries, ms since the epoch; null for any other record. */
export function readWatermark(headers: IHeaders | undefined): number | null {
  return readInteger(headers?.[WATERMARK])
}

/** Header of a late record that is sent again and shall count however late it is. */
export function acceptLateHeader(): Record<string, string> {
  return { [ACCEPT_LATE]: '1' }
}

export function readAcceptsLate(headers: IHeaders | undefined): boolean {
  return readInteger(headers?.[ACCEPT_LATE]) === 1
}

/** Header of a request whose time lies ahead and is meant: its producer has held it against the times around it. */
export function acceptFutureHeader(): Record<string, string> {
  return { [ACCEPT_FUTURE]: '1' }
}

export function readAcceptsFuture(headers: IHeaders | undefined): boolean {
  return readInteger(headers?.[ACCEPT_FUTURE]) === 1
}

function readInteger(header: IHeaders[string]): number | null {
  if (header === undefined || Array.isArray(header)) return null
  const text = header.toString()
  return /^-?\d{1,15}$/.test(text) ? Number(text) : null
}
