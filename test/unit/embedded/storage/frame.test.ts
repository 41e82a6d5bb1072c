import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DamagedFile } from '../../../../lib/embedded/storage/errors.ts'
import { encodeFrame, readFrames } from '../../../../lib/embedded/storage/frame.ts'

const bodies = fc.array(fc.record({ kind: fc.integer({ min: 0, max: 255 }), body: fc.uint8Array({ maxLength: 40 }) }), {
  minLength: 1,
  maxLength: 8,
})
type Bodies = readonly { kind: number; body: Uint8Array }[]

const encoded = (frames: Bodies) =>
  frames.map(({ kind, body }) => Buffer.concat(encodeFrame(kind, [Buffer.from(body)])))

function read(bytes: Buffer): { frames: { kind: number; body: Uint8Array }[]; end: number } {
  const frames: { kind: number; body: Uint8Array }[] = []
  const source = {
    path: 'some.log',
    size_bytes: bytes.length,
    read: (position: number, length: number) => bytes.subarray(position, position + length),
  }
  const end = readFrames(source, ({ kind, body }) => frames.push({ kind, body: Uint8Array.from(body) }))
  return { frames, end }
}

describe('a file of frames', () => {
  test('gives back what was written', () => {
    fc.assert(
      fc.property(bodies, (frames) => {
        const bytes = Buffer.concat(encoded(frames))
        expect(read(bytes)).toEqual({ frames, end: bytes.length })
      }),
    )
  })

  test('cut off at any byte of its last write, is the file before that write', () => {
    fc.assert(
      fc.property(bodies, (frames) => {
        const pieces = encoded(frames)
        const bytes = Buffer.concat(pieces)
        const start = bytes.length - (pieces.at(-1)?.length ?? 0)
        for (let size = start; size < bytes.length; size++) {
          expect(read(bytes.subarray(0, size))).toEqual({ frames: frames.slice(0, -1), end: start })
        }
      }),
    )
  })

  test('with a changed byte in front of its last frame, is refused with the place of the frame', () => {
    fc.assert(
      fc.property(bodies, fc.nat(), fc.integer({ min: 1, max: 255 }), (frames, place, mask) => {
        const pieces = encoded([...frames, { kind: 1, body: Uint8Array.of(1) }])
        const bytes = Buffer.concat(pieces)
        const last = bytes.length - (pieces.at(-1)?.length ?? 0)
        const at = place % last
        bytes[at] = (bytes[at] ?? 0) ^ mask
        let start = 0
        for (const piece of pieces) {
          if (start + piece.length > at) break
          start += piece.length
        }
        expect(() => read(bytes)).toThrow(DamagedFile)
        expect(() => read(bytes)).toThrow(`some.log is damaged at byte ${start}:`)
      }),
    )
  })

  test('with a changed byte in its last body, is the file before that write', () => {
    const bytes = Buffer.concat(
      encoded([
        { kind: 1, body: Uint8Array.of(1) },
        { kind: 1, body: Uint8Array.of(2) },
      ]),
    )
    bytes[bytes.length - 1] = 9
    expect(read(bytes)).toEqual({ frames: [{ kind: 1, body: Uint8Array.of(1) }], end: bytes.length / 2 })
  })

  test('with nothing but zeros behind its last frame, as a power cut may leave it, ends there', () => {
    const [piece = Buffer.alloc(0)] = encoded([{ kind: 1, body: Uint8Array.of(1) }])
    expect(read(Buffer.concat([piece, Buffer.alloc(500)])).end).toBe(piece.length)
    expect(() => read(Buffer.concat([piece, Buffer.alloc(500), piece]))).toThrow(DamagedFile)
  })
})
