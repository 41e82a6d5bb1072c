import { describe, expect, it } from 'vitest'
import { createSentenceScanner, SCAN_TAIL_BYTES } from '../../../lib/sketch/masked-tokens.ts'

const SIZE_BYTES = 20_000

/** Counts the reads of a text's bytes while the scanner goes over it. */
function countReads(unit: string): number {
  const bytes = Buffer.from(unit.repeat(Math.ceil(SIZE_BYTES / unit.length)))
  let reads = 0
  const counted = new Proxy(Buffer.concat([bytes, Buffer.alloc(SCAN_TAIL_BYTES)]), {
    get(target, property) {
      reads++
      return Reflect.get(target, property)
    },
  })
  createSentenceScanner(1, 0x01000193).scan(counted, 0, bytes.length, () => false)
  return reads / bytes.length
}

const HOSTILE = [
  '"',
  ' "a',
  "'",
  " 'a",
  '`',
  '` ',
  '```',
  '```a ',
  '``',
  '<',
  '</',
  '<a',
  '<a b',
  '<a=',
  '<a =',
  '<|',
  '“',
  '“a ',
  '「',
  'a://',
  '1.',
  '1a',
  "a'",
  '.',
  ': ',
  '\n',
  'é',
  '한',
  '漢',
  '\u200b',
  'a\u200b',
  'think ',
  'step by ',
]

describe('scanning', () => {
  it.each(HOSTILE)('reads each byte of a text made of %j a bounded number of times', (unit) => {
    expect(countReads(unit)).toBeLessThan(16)
  })
})
