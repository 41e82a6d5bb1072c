import { expect, test } from 'vitest'
import { keepRecord } from '../../../lib/stream/kept-record.ts'

test('key and headers are kept when they are words, and left out when they could be text', () => {
  const kept = keepRecord({
    key: Buffer.from('Tell me how to'),
    value: Buffer.from('x'),
    headers: { watermark_ms: '17', note: 'Write down', 'a note': '1', many: ['1', '2'], long: 'x'.repeat(257) },
  })
  expect(kept.key).toBeNull()
  expect(kept.headers).toEqual([{ name: 'watermark_ms', value: Buffer.from('17') }])
  expect(keepRecord({ key: Buffer.from('acct-ü'), value: null }).key?.toString()).toBe('acct-ü')
})

test('bytes are copied, because the fetch that they came with must not be kept for them', () => {
  const fetched = Buffer.alloc(1_000_000, 7)
  const { payload, size_bytes } = keepRecord({ key: null, value: fetched.subarray(0, 1_000) })
  expect(payload?.equals(fetched.subarray(0, 1_000))).toBe(true)
  expect(payload?.buffer).not.toBe(fetched.buffer)
  expect(size_bytes).toBe(1_000)
  expect(keepRecord({ key: null, value: fetched })).toMatchObject({ payload: null, size_bytes: 1_000_000 })
})
