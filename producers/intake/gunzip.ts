import { createGunzip } from 'node:zlib'

/** The compressed stream ended early or is corrupt; everything that came out before has been delivered. */
export class GzipDamage {
  readonly reason: 'truncated_gzip' | 'damaged_gzip'
  constructor(error: NodeJS.ErrnoException) {
    this.reason = error.code === 'Z_BUF_ERROR' ? 'truncated_gzip' : 'damaged_gzip'
  }
}

// Deflate expands at most 1032 times (https://zlib.net/zlib_tech.html): 16 KiB in gives at most 16.5 MiB out, which is
// what a decompression bomb can make us hold.
const SLICE_BYTES = 16 * 1024

/**
 * Decompresses gzip (one or more members). Damage is the last item, not an exception: the stream API would drop the
 * decompressed chunks that still wait in its buffer when it fails, so they are taken out as they appear instead.
 */
export async function* gunzip(compressed: AsyncIterable<Buffer>): AsyncGenerator<Buffer | GzipDamage> {
  const stream = createGunzip()
  let ready: Buffer[] = []
  let damage: GzipDamage | null = null
  let settle = () => {}
  stream.on('data', (chunk: Buffer) => ready.push(chunk))
  stream.on('error', (error) => {
    damage = new GzipDamage(error)
  })
  // A failed write never calls back; the close that follows it does.
  stream.on('close', () => settle())

  const step = async (begin: (done: () => void) => void): Promise<Buffer[]> => {
    await new Promise<void>((resolve) => {
      settle = resolve
      begin(resolve)
    })
    const out = ready
    ready = []
    return out
  }

  try {
    for await (const chunk of compressed) {
      for (let at = 0; at < chunk.length && damage === null; at += SLICE_BYTES) {
        const slice = chunk.subarray(at, at + SLICE_BYTES)
        yield* await step((done) => stream.write(slice, () => done()))
      }
      if (damage !== null) break
    }
    if (damage === null) yield* await step((done) => stream.once('end', done).end())
    if (damage !== null) yield damage
  } finally {
    stream.destroy()
  }
}
