import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LINE_BYTES_MAX, type Line, readLines } from '../../../../producers/intake/lines.ts'
import { inflateIfGzip } from '../../../../producers/intake/sources.ts'
import { chunksOf, collect } from './records.ts'

const read = (bytes: Buffer, size_bytes?: number): Promise<Line[]> =>
  collect(readLines(inflateIfGzip(chunksOf(bytes, size_bytes))))

const texts = (lines: Line[]): (string | null)[] => lines.map((line) => line.text)
const reasons = (lines: Line[]): unknown[] => lines.flatMap((line) => (line.text === null ? line.refusal.reason : []))

test('lines do not depend on where the bytes were cut', async () => {
  const line = fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.replaceAll(/[\r\n\ufeff]/g, ' '))
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.integer({ min: 1, max: 9 }), fc.boolean(), async (lines, size, zipped) => {
      const plain = Buffer.from(lines.map((text) => `${text}\n`).join(''))
      const found = await read(zipped ? gzipSync(plain) : plain, size)
      const expected = lines
        .map((text, index) => ({ text, number: index + 1 }))
        .filter(({ text }) => text.trim() !== '')
      expect(found.map(({ text, number }) => ({ text, number }))).toEqual(expected)
    }),
    { numRuns: 30 },
  )
})

test('a byte order mark, CRLF, blank lines and a missing last line end are tolerated and counted as lines', async () => {
  const lines = await read(Buffer.from('\ufeffone\r\n\r\n   \ntwo'))
  expect(lines.map(({ number, text }) => [number, text])).toEqual([
    [1, 'one'],
    [4, 'two'],
  ])
})

test('a 10 MB line is refused by its number and the next line is read', async () => {
  const lines = await read(
    Buffer.concat([Buffer.from('a\n'), Buffer.alloc(10 * 1024 * 1024, 'x'), Buffer.from('\nb\n')]),
  )
  expect(texts(lines)).toEqual(['a', null, 'b'])
  expect(reasons(lines)).toEqual(['line_too_long'])
  expect(lines[1]).toMatchObject({ number: 2, size_bytes: 10 * 1024 * 1024 })
})

test.each(['\n', '\r\n'])(
  'the longest line that is read has exactly the stated size, with line end %j',
  async (end) => {
    const longest = 'x'.repeat(LINE_BYTES_MAX)
    const lines = await read(Buffer.from(`${longest}${end}x${longest}${end}`))
    expect(lines.map(({ text, size_bytes }) => [text?.length, size_bytes])).toEqual([
      [LINE_BYTES_MAX, LINE_BYTES_MAX],
      [undefined, end === '\n' ? LINE_BYTES_MAX + 1 : expect.any(Number)],
    ])
  },
)

test('a line that is not UTF-8 is refused and its neighbours are not', async () => {
  const lines = await read(
    Buffer.concat([Buffer.from('a\n'), Buffer.from([0x22, 0xff, 0xfe, 0x22, 0x0a]), Buffer.from('é\n')]),
  )
  expect(texts(lines)).toEqual(['a', null, 'é'])
  expect(reasons(lines)).toEqual(['invalid_utf8'])
})

describe('gzip', () => {
  // Hashes do not compress away, so a cut in the compressed bytes falls near the same place in the lines.
  const rows = Array.from({ length: 5_000 }, (_, i) => `${i} ${createHash('sha256').update(String(i)).digest('hex')}`)
  const zipped = gzipSync(rows.join('\n'))

  test('is recognised by its magic number even when bytes come one at a time', async () => {
    expect(texts(await read(gzipSync('a\nb\n'), 1))).toEqual(['a', 'b'])
  })

  test('with several members is read to the end of the last', async () => {
    expect(texts(await read(Buffer.concat([gzipSync('a\n'), gzipSync('b\n')])))).toEqual(['a', 'b'])
  })

  test('that is cut off delivers every whole line before the cut and then one truncated_gzip', async () => {
    const lines = await read(zipped.subarray(0, zipped.length >> 1))
    const whole = texts(lines).slice(0, -1)
    expect(whole).toEqual(rows.slice(0, whole.length))
    expect(whole.length).toBeGreaterThan(rows.length * 0.4)
    expect(reasons(lines)).toEqual(['truncated_gzip'])
    expect(lines.at(-1)).toMatchObject({ number: whole.length + 1, text: null })
  })

  test('whose checksum alone is cut off still delivers every line that ended', async () => {
    const lines = await read(zipped.subarray(0, zipped.length - 4))
    expect(texts(lines)).toEqual([...rows.slice(0, -1), null])
    expect(reasons(lines)).toEqual(['truncated_gzip'])
  })

  test('that is corrupt in the middle ends with one damaged_gzip', async () => {
    const damaged = Buffer.from(zipped)
    damaged.fill(0xff, damaged.length >> 1, (damaged.length >> 1) + 64)
    const lines = await read(damaged)
    expect(lines.length).toBeGreaterThan(1)
    expect(reasons(lines).filter((reason) => reason !== 'invalid_utf8')).toEqual(['damaged_gzip'])
  })

  test('of arbitrary bytes never throws', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        await read(Buffer.concat([Buffer.from([0x1f, 0x8b, 0x08, 0x00]), bytes]))
      }),
    )
  })
})
