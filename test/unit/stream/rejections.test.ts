import { expect, test } from 'vitest'
import { Rejections } from '../../../lib/stream/rejections.ts'
import { inputRecord } from './records.ts'

const REJECTION = { reason: 'bad_avro', detail: 'not a value' }

test('a hop full of input that can not be used stops nothing', () => {
  const rejections = new Rejections()
  for (let offset = 0; offset < 300_000; offset++) {
    rejections.add(inputRecord({ topic: 'requests', offset }), REJECTION)
  }
  expect(rejections.firstOffset('requests', 0)).toBe(0)
  expect(rejections.take()).toHaveLength(300_000)
  expect(rejections.leftThrough('requests', 0)).toBe(300_000)
  expect(rejections.firstOffset('accounts', 0)).toBe(Number.POSITIVE_INFINITY)
})
