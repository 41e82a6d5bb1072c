import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MalformedRequest } from '../../../lib/embedded/errors.ts'
import { FrameSplitter } from '../../../lib/embedded/protocol/framing.ts'
import { Reader } from '../../../lib/embedded/protocol/reader.ts'
import { Writer } from '../../../lib/embedded/protocol/writer.ts'

const frame = (payload: Uint8Array) => {
  const size = Buffer.alloc(4)
  size.writeInt32BE(payload.length)
  return Buffer.concat([size, payload])
}

describe('a stream of requests', () => {
  test('comes apart into the same requests however it was cut', () => {
    const payloads = fc.array(fc.uint8Array({ minLength: 10, maxLength: 300 }), { maxLength: 10 })
    fc.assert(
      fc.property(payloads, fc.infiniteStream(fc.integer({ min: 1, max: 120 })), (requests, cuts) => {
        const stream = Buffer.concat(requests.map(frame))
        const splitter = new FrameSplitter()
        const frames: string[] = []
        for (let at = 0; at < stream.length; ) {
          const end = at + (cuts.next().value ?? 1)
          frames.push(...splitter.push(stream.subarray(at, end)).map((bytes) => bytes.toString('hex')))
          at = end
        }
        expect(frames).toEqual(requests.map((request) => Buffer.from(request).toString('hex')))
      }),
    )
  })

  test.each([-1, 0, 9, 1_001, 0x7fffffff])('is refused at a size of %i when 1,000 is the limit', (size) => {
    const head = Buffer.alloc(4)
    head.writeInt32BE(size)
    expect(() => new FrameSplitter(1_000).push(head)).toThrow(MalformedRequest)
  })
})

describe('the primitive types', () => {
  test('read back as they were written', () => {
    const written = new Writer()
      .int8(-5)
      .boolean(true)
      .int16(-300)
      .int32(70_000)
      .int64(2 ** 50)
      .string('grüße')
      .string(null)
      .bytes(Buffer.from([1, 2]))
      .array([1, 2, 3], () => undefined)
      .nullArray()
      .records([Buffer.from('ab'), Buffer.from('c')], 3)
      .int8(9)
    const bytes = Buffer.concat(written.frame(77))
    expect(bytes.readInt32BE(0)).toBe(bytes.length - 4)
    expect(bytes.readInt32BE(4)).toBe(77)
    const reader = new Reader(bytes.subarray(8))
    expect([reader.int8(), reader.boolean(), reader.int16(), reader.int32(), reader.int64()]).toEqual([
      -5,
      true,
      -300,
      70_000,
      2 ** 50,
    ])
    expect([reader.string(), reader.nullableString(), [...reader.bytes()], reader.int32()]).toEqual([
      'grüße',
      null,
      [1, 2],
      3,
    ])
    expect(reader.nullableArray(() => 0)).toBeNull()
    expect(reader.bytes().toString()).toBe('abc')
    expect(reader.int8()).toBe(9)
  })

  test('are not read past the end, and an array is not allocated for its claim', () => {
    expect(() => new Reader(Buffer.alloc(3)).int32()).toThrow(MalformedRequest)
    expect(() => new Reader(Buffer.from([0, 9, 65])).string()).toThrow(MalformedRequest)
    expect(() => new Reader(Buffer.from([0x7f, 0xff, 0xff, 0xff, 0])).array(() => 0)).toThrow(MalformedRequest)
    expect(() => new Reader(Buffer.from([0xff, 0xff])).string()).toThrow(MalformedRequest)
  })

  test('keep 64-bit numbers beyond 2^53 writable', () => {
    const huge = new Reader(Buffer.from('7fffffffffffffff8000000000000000', 'hex'))
    expect([huge.int64(), huge.int64()]).toEqual([Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])
  })
})
