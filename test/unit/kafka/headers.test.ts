import { expect, test } from 'vitest'
import { hopHeaders, readHopHeaders, readWatermark, watermarkHeaders } from '../../../lib/kafka/headers.ts'

const asBuffers = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)]))

test('headers say again what was written into them', () => {
  for (const last of [true, false]) {
    const header = { hop: 29_000_123, writer: 11, last }
    expect(readHopHeaders(asBuffers(hopHeaders(header)))).toEqual(header)
  }
  expect(readWatermark(asBuffers(watermarkHeaders(1_700_000_000_000)))).toBe(1_700_000_000_000)
})

test('headers that are missing or no numbers belong to no hop', () => {
  expect(readHopHeaders(undefined)).toBeNull()
  expect(readHopHeaders(asBuffers({ hop: '5' }))).toBeNull()
  expect(readHopHeaders(asBuffers({ hop: 'five', writer: '1', last: '1' }))).toBeNull()
  expect(readHopHeaders({ hop: [Buffer.from('5'), Buffer.from('6')], writer: '1' })).toBeNull()
  expect(readWatermark(asBuffers({ watermark_ms: '1e99' }))).toBeNull()
})
