import type { SketchKeys } from '../../../../lib/sketch/request-sketch.ts'

export const KEYS: SketchKeys = {
  content: { epoch: 7, secret: Buffer.from('content secret of the tests') },
  infrastructure: { secret: Buffer.from('infrastructure secret of the tests') },
}

export const START_MS = Date.UTC(2025, 10, 3, 10)
export const MINUTE_MS = 60_000
export const WEEK_MS = 7 * 24 * 60 * MINUTE_MS

/** An input request that ends `end_ms` after START_MS, with these fields changed. */
export function inputRequest(end_ms: number, changes: Record<string, unknown> = {}): Record<string, unknown> {
  const end_time = new Date(START_MS + end_ms).toISOString()
  return {
    type: 'request',
    event_id: `e-${end_ms}`,
    event_time: end_time,
    end_time,
    account_id: 'a-1',
    request_model: 'model-1',
    response: { status: 200 },
    ...changes,
  }
}

export function inputAccount(time_ms: number, changes: Record<string, unknown> = {}): Record<string, unknown> {
  return { type: 'account', event_time: new Date(START_MS + time_ms).toISOString(), account_id: 'a-1', ...changes }
}

export function ndjson(records: readonly unknown[]): Buffer {
  return Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(''))
}

export async function* chunksOf(bytes: Buffer, size_bytes = 64 * 1024): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size_bytes) yield bytes.subarray(at, at + size_bytes)
}

export async function collect<T>(arrays: AsyncIterable<T[]>): Promise<T[]> {
  const all: T[] = []
  for await (const array of arrays) all.push(...array)
  return all
}
